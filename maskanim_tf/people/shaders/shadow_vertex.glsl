#version 330
#include "motion.glsl"
uniform mat4 light_matrix;
in vec3 in_position;
#ifdef RIDING
in vec4 in_tint;
#endif
void main() {
#ifdef RIDING
    vec3 position = (carried(in_tint.w) * vec4(in_position, 1.0)).xyz;
#else
    vec3 position = in_position;
#endif
    gl_Position = light_matrix * vec4(position, 1.0);
}
