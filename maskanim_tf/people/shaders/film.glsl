// From linear light to the bytes of a picture: a soft shoulder, then a square root as gamma.
uniform float exposure;
uniform float label;

vec4 develop(vec3 light) {
    return vec4(sqrt(1.0 - exp2(-exposure * max(light, 0.0))), label);
}
