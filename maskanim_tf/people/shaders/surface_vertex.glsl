#version 330
#include "lighting.glsl"
#include "motion.glsl"
uniform mat4 view_matrix;
uniform vec3 up;
uniform vec3 scatter;     // how far light wraps round the terminator, by channel
uniform float reflectance;
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
in vec4 in_tint;          // occlusion, curvature, extra blood, share of the head or fold region
#ifdef FURROWED
uniform float furrows[5];
out float furrow;
#endif
out vec2 uv;
out vec3 light;
out vec2 slope_light;
out vec3 half_vector;
out vec3 key_gloss;
out vec3 other_gloss;

void main() {
#ifdef RIDING
    mat4 place = carried(in_tint.w);
    vec3 position = (place * vec4(in_position, 1.0)).xyz;
    vec3 normal = normalize(mat3(place) * in_normal);
#else
    vec3 position = in_position;
    vec3 normal = in_normal;
#endif
    vec3 toward = normalize(eye - position);
#ifdef TWO_SIDED
    if (dot(normal, toward) < 0.0) normal = -normal;
#endif
    float occlusion = in_tint.x;
    // Light that bounces in folds of skin comes out redder.
    vec3 open = mix(vec3(occlusion), vec3(sqrt(occlusion)), 1.1 * scatter);
    light = surroundings(normal) * open;
    vec3 slope = light.g * normal * 0.3;
    vec3 mirror = reflect(-toward, normal);
    float away = 1.0 - max(dot(normal, toward), 0.0);
    float grazing = away * away * away * away * away;
    float fresnel = reflectance + (1.0 - reflectance) * grazing * 0.5;
    other_gloss = surroundings(mirror) * fresnel * occlusion;
    vec3 wrap = scatter * (0.55 + 0.9 * in_tint.y);
    vec3 side = normalize(cross(up, normal));
    vec3 rise = cross(normal, side);
    for (int i = 0; i < 3; i++) {
        float facing = dot(normal, light_direction[i]);
        float open_sky = 0.25 + 0.75 * occlusion;
        float clear = i == 0 ? lit(position + normal * 0.04) * open_sky : open_sky;
        vec3 cover = mix(vec3(clear), vec3(sqrt(clear)), scatter);
        vec3 diffuse = clamp((facing + wrap) / (1.0 + wrap), 0.0, 1.0);
        diffuse *= mix(vec3(1.0), diffuse, wrap);
        light += light_color[i] * diffuse * cover;
        slope += light_color[i].g * clear * smoothstep(-0.2, 0.5, facing) * light_direction[i];
        vec3 middle = normalize(light_direction[i] + toward);
        vec3 gloss = light_color[i] * fresnel * clear * clamp(facing * 1.5, 0.0, 1.0);
        if (i == 0) {
            half_vector = vec3(dot(middle, side), dot(middle, rise), dot(middle, normal));
            key_gloss = gloss;
        } else {
            float across = max(dot(normal, middle), 0.0);
            across *= across * across;
            other_gloss += gloss * 3.0 * across * across * across * across;
        }
    }
    light *= mix(vec3(1.0), vec3(1.10, 0.80, 0.76), in_tint.z);
    slope /= max(light.g, 0.02);
    slope_light = vec2(dot(slope, side), dot(slope, rise));
#ifdef FURROWED
    furrow = furrows[int(in_tint.w + 0.5)];
#endif
    uv = in_uv;
    gl_Position = view_matrix * vec4(position, 1.0);
}
