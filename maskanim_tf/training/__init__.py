"""Training: one step, its distribution over replicas, and the loop around it."""
