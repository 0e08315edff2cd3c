#version 330
#include "film.glsl"
// Teeth, tongue, the inside of the mouth and lashes. `detail`: two coordinates of the part, and how
// open to light it is.
uniform int kind;         // 0 lining and tongue, 1 teeth, 2 lashes
uniform vec3 tone;
uniform float opening;    // of the mouth, 0 to 1
in vec3 light;
in vec3 detail;
in vec3 gloss;
out vec4 color;

void main() {
    if (kind == 2) {
        float hair = abs(fract(detail.x) - 0.5) * 2.0;
        if (hair < detail.y) discard;
        color = develop(tone * light);
        return;
    }
    // Teeth stand in the front, where light reaches them between the lips.
    float shut = kind == 1 ? 0.3 : 0.35;
    float open = detail.z * (shut + (1.0 - shut) * opening);
    vec3 albedo = tone;
    if (kind == 1) {
        float gap = abs(fract(detail.x) - 0.5) * 2.0;
        albedo *= 1.0 - 0.30 * smoothstep(0.80, 1.0, gap);
        albedo = mix(vec3(0.42, 0.13, 0.12), albedo, smoothstep(0.0, 0.12, detail.y));
    }
    color = develop(albedo * light * open + gloss * open);
}
