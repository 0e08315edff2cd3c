"""Model-free image animation with refined masks, on TensorFlow and Keras.

`load_animator`, `Animator` and `animate_video` are the public face; TensorFlow is loaded with them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# oneDNN's convolutions: TensorFlow chooses them by itself on some processors only, and reads this
# when it is loaded. Without them a step took 2.5 times as long on a processor with AVX2 alone.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

if TYPE_CHECKING:
    from maskanim_tf.predictor import Animator, animate_video, load_animator

__version__ = "0.1.0"
__all__ = ["Animator", "__version__", "animate_video", "load_animator"]


def __getattr__(name: str) -> Any:
    """Loads the public face when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from maskanim_tf import predictor

    return getattr(predictor, name)
