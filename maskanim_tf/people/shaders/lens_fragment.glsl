#version 330
// A lens adds its reflection; blending keeps the label of what lies behind.
uniform float exposure;
in vec3 key_gloss;
in vec3 other_gloss;
in vec3 half_vector;
out vec4 color;
void main() {
    float across = max(normalize(half_vector).z, 0.0);
    vec3 light = other_gloss * 0.25 + key_gloss * 4.0 * smoothstep(0.988, 0.996, across);
    color = vec4(sqrt(1.0 - exp2(-exposure * light)), 1.0);
}
