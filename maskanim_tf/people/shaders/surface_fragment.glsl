#version 330
#include "film.glsl"
uniform sampler2D albedo_map;
uniform sampler2D relief_map;
#ifdef FURROWED
in float furrow;          // how deep wrinkles are
#endif
in vec2 uv;
in vec3 light;
in vec2 slope_light;
in vec3 half_vector;
in vec3 key_gloss;
in vec3 other_gloss;
out vec4 color;

void main() {
    vec4 albedo = texture(albedo_map, uv);
#ifdef CUTOUT
    if (albedo.a < 0.5) discard;
#endif
    vec4 relief = texture(relief_map, uv);
    vec2 slope = (relief.rg - 128.0 / 255.0) * (255.0 / 64.0);
#ifdef FURROWED
    slope *= mix(1.0, furrow, relief.a);
#endif
    float bump = clamp(1.0 - dot(slope, slope_light), 0.35, 1.8);
    float gloss = relief.b;
    vec3 middle = normalize(half_vector);
    float across = max((middle.z - dot(slope, middle.xy)) * inversesqrt(1.0 + dot(slope, slope)), 0.0);
    float power = exp2(2.0 + 5.0 * gloss);
    float shine = gloss * (power + 8.0) * 0.05 * pow(across, power);
    vec3 result = albedo.rgb * albedo.rgb * light * bump
        + key_gloss * shine + other_gloss * gloss;
    color = develop(result);
}
