// Worn things ride on head and chest: each vertex blends the two.
uniform mat4 head;
uniform mat4 chest;

mat4 carried(float share) {
    return head * share + chest * (1.0 - share);
}
