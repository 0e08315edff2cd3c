#version 330
#include "lighting.glsl"
#include "motion.glsl"
uniform mat4 view_matrix;
uniform vec3 hair_color;
uniform vec3 tip_color;
in vec3 in_position;
in vec3 in_normal;        // of the volume that the strands form
in vec3 in_tangent;
in vec2 in_uv;
in vec4 in_tint;          // occlusion, shade of this lock, place along the strand, share of the head
out vec2 uv;
out vec3 base;
out vec3 sheen;

void main() {
    mat4 place = carried(in_tint.w);
    vec3 position = (place * vec4(in_position, 1.0)).xyz;
    vec3 normal = normalize(mat3(place) * in_normal);
    vec3 strand = normalize(mat3(place) * in_tangent);
    vec3 toward = normalize(eye - position);
    float along = in_tint.z, open = in_tint.x;
    vec3 tone = mix(hair_color, tip_color, clamp(along * 0.7 + (in_tint.y - 0.5) * 0.9, 0.0, 1.0));
    tone *= 0.72 + 0.56 * in_tint.y;
    vec3 sum = surroundings(normal) * open;
    sheen = sum * 0.018;
    float across_view = dot(strand, toward);
    float sine_view = sqrt(max(0.0, 1.0 - across_view * across_view));
    for (int i = 0; i < 3; i++) {
        float across = dot(strand, light_direction[i]);
        float sine = sqrt(max(0.0, 1.0 - across * across));
        float facing = smoothstep(-0.45, 0.85, dot(normal, light_direction[i]));
        float clear = i == 0 ? mix(0.25, 1.0, lit(position + normal * 0.10)) : 0.8;
        vec3 reaching = light_color[i] * facing * clear * (0.25 + 0.75 * open);
        sum += reaching * (0.35 + 0.65 * sine);
        float ring = max(0.0, sine * sine_view - across * across_view);
        float shifted = max(0.0, ring + 0.10 * (in_tint.y - 0.5));
        float fourth = shifted * shifted * shifted * shifted;
        float broad = fourth * fourth * fourth * fourth;
        float narrow = broad * broad * broad * broad;
        sheen += reaching * (0.032 * narrow + tone * 0.52 * broad);
    }
    base = tone * sum;
    uv = in_uv;
    gl_Position = view_matrix * vec4(position, 1.0);
}
