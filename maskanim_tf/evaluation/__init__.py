"""How good generated videos are: metrics, key-point detectors, embeddings, and the commands.

`reconstruct` lets a model rebuild test videos, `score` measures videos that any program generated,
`ablation` draws the paper's figure 3. All three measure by the same code (`scoring`).
"""
