"""Unlimited videos of synthetic people, free of anyone's rights, with ground truth."""
