"""The JSON beside every export: what it was made from, and how near it is to the original."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from maskanim_tf import __version__
from maskanim_tf.config import Config
from maskanim_tf.export.export_options import ExportOptions
from maskanim_tf.export.parity import Parity
from maskanim_tf.inference import mask_model_of
from maskanim_tf.models import Animator
from maskanim_tf.models.presets import find_weights
from maskanim_tf.storage.locations import read_file

CARD = "model_card.json"


def write_model_card(
    path: str | os.PathLike[str],
    animator: Animator,
    config: Config,
    options: ExportOptions,
    parity: Parity,
    **details: Any,
) -> None:
    """Writes configuration, fingerprints, parity, versions, and what else is given.

    `export.run` reads size and fingerprint of the mask generator there.
    """
    weights = find_weights(options.checkpoint)
    card = {
        **details,
        "options": options.to_dict(),
        "configuration": config.to_dict(),
        "weights": os.path.basename(weights),
        "weights_sha256": hashlib.sha256(read_file(weights)).hexdigest(),
        "mask_size": animator.model.mask_size,
        "mask_model": mask_model_of(animator),
        "parity": parity.to_dict(),
        "versions": {
            "maskanim": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    Path(path).write_text(json.dumps(card, indent=2) + "\n")
