#version 330
#include "lighting.glsl"
uniform mat4 view_matrix;
uniform vec3 center;
uniform mat3 gaze;        // from the eyeball's own axes (z looks ahead) to the world
in vec3 in_position;
out vec3 world;
out vec3 own;
out vec3 ambient;
out float key;
void main() {
    world = in_position;
    own = transpose(gaze) * (in_position - center);
    vec3 normal = normalize(in_position - center);
    ambient = surroundings(normal);
    key = lit(in_position + normal * 0.06);
    gl_Position = view_matrix * vec4(in_position, 1.0);
}
