"""The commands that measure: reconstruct, score, ablation."""
