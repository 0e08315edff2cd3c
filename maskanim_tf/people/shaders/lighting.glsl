// Light that reaches a vertex. Linear colours; directions are unit vectors towards the light.
uniform vec3 eye;
uniform vec3 light_direction[3];
uniform vec3 light_color[3];
uniform vec3 harmonics[9];
uniform mat4 light_matrix;
uniform float shadow_power;
uniform sampler2D shadow_map;

// Exponential shadow map: the map holds blurred exp(power * depth), so that edges are soft.
float lit(vec3 position) {
    vec3 place = (light_matrix * vec4(position, 1.0)).xyz * 0.5 + 0.5;
    float occluder = texture(shadow_map, place.xy).r;
    return clamp(occluder * exp(-shadow_power * (place.z - 0.5)), 0.0, 1.0);
}

// Light of the surroundings as second-order spherical harmonics of the irradiance over pi.
vec3 surroundings(vec3 n) {
    vec3 sum = harmonics[0] + harmonics[1] * n.y + harmonics[2] * n.z + harmonics[3] * n.x
        + harmonics[4] * n.x * n.y + harmonics[5] * n.y * n.z
        + harmonics[6] * (3.0 * n.z * n.z - 1.0) + harmonics[7] * n.x * n.z
        + harmonics[8] * (n.x * n.x - n.y * n.y);
    return max(sum, vec3(0.0));
}
