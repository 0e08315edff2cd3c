#version 330
#include "lighting.glsl"
uniform mat4 view_matrix;
in vec3 in_position;
in vec3 in_normal;
in vec4 in_tint;         // three details of the part
out vec3 light;
out vec3 detail;
out vec3 gloss;
void main() {
    vec3 toward = normalize(eye - in_position);
    light = surroundings(in_normal);
    gloss = vec3(0.0);
    for (int i = 0; i < 3; i++) {
        float clear = i == 0 ? lit(in_position + in_normal * 0.03) : 0.6;
        light += light_color[i] * clear * clamp(0.25 + 0.75 * dot(in_normal, light_direction[i]), 0.0, 1.0);
        float across = max(dot(in_normal, normalize(light_direction[i] + toward)), 0.0);
        gloss += light_color[i] * clear * 0.25 * pow(across, 40.0);
    }
    detail = in_tint.xyz;
    gl_Position = view_matrix * vec4(in_position, 1.0);
}
