#version 330
#include "film.glsl"
uniform vec3 eye;
uniform vec3 light_direction[3];
uniform vec3 light_color[3];
uniform vec3 center;
uniform mat3 gaze;
uniform mat3 skull;       // the head's axes
uniform vec2 lids;        // heights of lower and upper lid over the middle of the eye, in radii
uniform vec3 iris;
uniform vec2 iris_pupil;  // half angles
uniform float seed;
uniform float nose_side;  // sign of x towards the nose
uniform float age;
uniform vec3 sky;         // reflected surroundings
in vec3 world;
in vec3 own;
in vec3 ambient;
in float key;
out vec4 color;

float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233)) + seed) * 43758.5453); }
float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x),
               mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}

void main() {
    vec3 toward = normalize(eye - world);
    vec3 normal = normalize(world - center);
    vec3 d = normalize(own);
    // The cornea refracts: the iris seems to lie deeper than the surface.
    vec3 inward = transpose(gaze) * toward;
    vec2 plane = d.xy - 0.10 * inward.xy * smoothstep(0.6, 0.2, length(d.xy));
    float radius = asin(clamp(length(plane), 0.0, 1.0));
    float angle = atan(plane.y, plane.x);
    float in_iris = d.z > 0.0 ? smoothstep(iris_pupil.x + 0.035, iris_pupil.x - 0.035, radius) : 0.0;
    float in_pupil = smoothstep(iris_pupil.y + 0.03, iris_pupil.y - 0.03, radius);
    vec2 ring = vec2(cos(angle), sin(angle));
    float fibre = noise(ring * 9.0 + radius * 2.0) * 0.6 + noise(ring * 22.0 + radius) * 0.4;
    float t = (radius - iris_pupil.y) / (iris_pupil.x - iris_pupil.y);
    vec3 colored = iris * (0.55 + 0.9 * fibre) * mix(1.35, 0.8, clamp(t, 0.0, 1.0));
    colored *= 1.0 - 0.7 * smoothstep(0.72, 1.0, t);
    float vein = smoothstep(0.55, 0.8, noise(vec2(angle * 5.0, radius * 7.0)));
    vec3 white = vec3(0.66, 0.62, 0.59) - vec3(0.0, 0.05, 0.10) * age;
    white *= mix(vec3(1.0), vec3(0.95, 0.62, 0.56), 0.35 * vein * smoothstep(0.5, 1.1, radius));
    // Towards the corner at the nose the white turns pink.
    vec3 skull_dir = transpose(skull) * normal;
    float nasal = smoothstep(0.55, 0.95, skull_dir.x * nose_side);
    white *= mix(vec3(1.0), vec3(0.85, 0.45, 0.42), nasal);
    vec3 albedo = mix(white, mix(colored, vec3(0.008), in_pupil), in_iris);
    float up = skull_dir.y;
    float shade = smoothstep(lids.y + 0.10, lids.y - 0.42, up);
    shade *= 0.75 + 0.25 * smoothstep(lids.x - 0.05, lids.x + 0.25, up);
    shade *= mix(0.55, 1.0, smoothstep(0.95, 0.45, abs(skull_dir.x)));
    vec3 sum = albedo * ambient * mix(0.45, 1.0, shade);
    vec3 mirror = reflect(-toward, normal);
    // The cornea is smaller than the eyeball: its normals spread faster from the gaze.
    vec3 axis = gaze * vec3(0.0, 0.0, 1.0);
    float near = smoothstep(iris_pupil.x + 0.12, iris_pupil.x - 0.05, radius) * step(0.0, d.z);
    vec3 bulge = normalize(normal + 0.65 * near * (normal - axis * dot(normal, axis)));
    // A window or a lamp beside the camera shines in every eye.
    vec3 window = normalize(toward + skull * vec3(0.45 * sin(seed * 40.0), 0.55, 0.0));
    float pane = smoothstep(0.990, 0.995, dot(normalize(window + toward), bulge));
    sum += (sky * 0.7 + 0.05) * pane * (0.15 + 0.85 * near) * step(up, lids.y + 0.02);
    for (int i = 0; i < 3; i++) {
        float facing = clamp((dot(normal, light_direction[i]) + 0.3) / 1.3, 0.0, 1.0);
        float clear = i == 0 ? key : 1.0;
        sum += albedo * light_color[i] * facing * clear * shade;
        vec3 half_vector = normalize(light_direction[i] + toward);
        float glint = smoothstep(0.986, 0.992, dot(half_vector, bulge));
        sum += light_color[i] * glint * (0.25 + 0.75 * in_iris) * (i == 0 ? 0.6 + 0.4 * clear : 0.5)
            * step(up, lids.y + 0.03);
    }
    // A wet edge along the lower lid.
    float wet = smoothstep(0.10, 0.02, abs(up - lids.x - 0.04));
    sum += sky * (0.05 * smoothstep(0.0, 0.6, mirror.y) * shade + 0.12 * wet);
    color = develop(sum);
}
