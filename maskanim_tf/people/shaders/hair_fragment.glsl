#version 330
#include "film.glsl"
uniform sampler2D strands; // brightness, sheen, unused, opacity
in vec2 uv;
in vec3 base;
in vec3 sheen;
out vec4 color;
void main() {
    vec4 strand = texture(strands, uv);
    if (strand.a < 0.4) discard;
    color = develop(base * (0.35 + 1.25 * strand.r) + sheen * (0.3 + 1.4 * strand.g));
}
