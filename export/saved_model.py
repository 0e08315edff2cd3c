"""Exports a SavedModel for TensorFlow Serving: `python -m export.saved_model --output=models`.

The result is `<output>/<name>/<version>/` with the signatures of `export.signatures`, warm-up
requests and a `model_card.json`. It holds operations of core TensorFlow only, and appears only when
the reloaded model computes what the Keras model computes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from maskanim_tf.commands import run_command, say  # Before TensorFlow.

# isort: split
import numpy as np
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import Config, option
from maskanim_tf.export import signature_names as names
from maskanim_tf.export.encoded_frames import encode_frames
from maskanim_tf.export.export_options import ExportOptions
from maskanim_tf.export.model_card import CARD, write_model_card
from maskanim_tf.export.parity import BFLOAT16_BOUND, FLOAT_BOUND, check_inputs, compare
from maskanim_tf.export.quiet import quietly
from maskanim_tf.export.signatures import make_signatures
from maskanim_tf.export.warmup import require_serving_api, write_warmup
from maskanim_tf.inference import PRECISIONS, AnyAnimator, resolve_precision, rewrite
from maskanim_tf.inference.precision import BFLOAT16, FLOAT32
from maskanim_tf.models import Animator, load_animator
from maskanim_tf.ops.pixels import as_bytes, as_floats
from maskanim_tf.storage.files import atomic_path, check_writable


@dataclasses.dataclass(frozen=True)
class SavedModelOptions(ExportOptions):
    """Options of the command."""

    output: str = option("models", "folder that holds a folder per model")
    name: str = option("maskanim", "name of the model")
    version: int = option(1, "version of the model", minimum=1)
    batch: int = option(0, "driving frames of every request; 0 for any number", minimum=0)
    encoding: str = option("png", "of frames in answers", choices=("png", "jpeg"))
    quality: int = option(95, "of JPEG answers", minimum=1, maximum=100)
    rewrite: bool = option(True, "apply the inference rewrite")
    weights: str = option(
        "variables",
        "weights as constants need no TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1 to be fast, but many times "
        "the memory, and minutes to load a large model",
        choices=("variables", "constants"),
    )
    precision: str = option(
        FLOAT32,
        "what networks compute in; bfloat16: weights of half the size, for machines where it is "
        "fast; auto: bfloat16 where it is fast on this one",
        choices=PRECISIONS,
    )
    warmup: bool = option(True, "add warm-up requests")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision == BFLOAT16 and not self.rewrite:
            raise ValueError(
                "SavedModelOptions.precision is bfloat16, but must be float32 without the "
                "inference rewrite; leave out --norewrite"
            )


def main(options: SavedModelOptions) -> None:
    """Exports the SavedModel that the flags ask for."""
    if options.warmup:
        require_serving_api()
    folder = Path(options.output) / options.name / str(options.version)
    if folder.exists():
        raise ValueError(f"{folder} exists already; choose another --version, or remove it")
    check_writable(folder)
    options = options.replace(precision=resolve_precision(options.precision, say))
    bound = BFLOAT16_BOUND if options.precision == BFLOAT16 else FLOAT_BOUND
    animator, config = load_animator(options.checkpoint, options.ablation)
    print(f"{folder}: saving", flush=True)
    with atomic_path(folder) as partial:
        save(animator, options, partial)
        if options.warmup:
            write_warmup(partial, options.name, config.model, options.batch or 1)
        reloaded = tf.saved_model.load(str(partial)).signatures
        batches = (options.batch,) if options.batch else (1, 3)

        def exported(source: np.ndarray, driving: np.ndarray) -> Mapping[str, np.ndarray]:
            sources = tf.constant(source.repeat(len(driving), 0))
            result = reloaded[names.MASKS](source=sources, driving=tf.constant(driving))
            return {key: value.numpy() for key, value in result.items()}

        parity = compare(animator, exported, check_inputs(config, options, batches), bound)
        parity.require(bound, str(folder))
        check_bytes(reloaded, config, options)
        write_model_card(partial / CARD, animator, config, options, parity, format="SavedModel")
    print(f"{folder}: {parity}")


def save(animator: Animator, options: SavedModelOptions, folder: Path) -> None:
    """Writes the SavedModel itself."""
    form: AnyAnimator = animator
    if options.rewrite:
        shared = options.weights == "variables"
        form = rewrite(animator, shared=shared, precision=options.precision)
    signatures = make_signatures(form, options.batch or None, options.encoding, options.quality)
    module = tf.Module()
    # A Keras model inside a module would be traced by its own call; its variables suffice.
    module.kept = list({id(v): v for f in signatures.values() for v in f.graph.variables}.values())
    with quietly():
        tf.saved_model.save(module, str(folder), signatures)


def check_bytes(
    reloaded: Mapping[str, tf.types.experimental.ConcreteFunction],
    config: Config,
    options: SavedModelOptions,
) -> None:
    """Raises ValueError unless all signatures of a reloaded model give the same frames."""
    *_, (source, driving, _) = check_inputs(config, options, (options.batch or 2,))
    # Levels of 8 bits, which pictures keep.
    sources, driving = (
        tf.constant(as_floats(as_bytes(frames)))
        for frames in (source.repeat(len(driving), 0), driving)
    )
    frame = reloaded[names.SERVING_DEFAULT](source=sources, driving=driving)[keys.FRAME]
    source_bytes, driving_bytes = (encode_frames(f, "png", 0) for f in (sources, driving))
    encoded = reloaded[names.ENCODE_SOURCE](source_bytes=source_bytes[:1])
    masks = reloaded[names.FIND_MASKS](driving_bytes=driving_bytes)[keys.DRIVING_MASK]
    inputs = {
        names.ANIMATE_BYTES: {"source_bytes": source_bytes, "driving_bytes": driving_bytes},
        names.ANIMATE_ENCODED: {**encoded, "driving_bytes": driving_bytes},
        names.ANIMATE_MASKS: {"source_bytes": source_bytes, "driving_mask": masks},
    }
    for signature, given in inputs.items():
        answer = reloaded[signature](**given)
        shown = np.stack([tf.io.decode_image(b).numpy() for b in answer[names.FRAME_BYTES].numpy()])
        difference = np.abs(shown.astype(int) - as_bytes(frame.numpy()))
        # Rounding moves a pixel by one step at most. JPEG loses more, but not on average.
        error = difference.max() if options.encoding == "png" else difference.mean() / 16
        if error > 1:
            raise ValueError(
                f"{signature} gives frames that differ by {difference.max()} of 255 from those of "
                f"{names.SERVING_DEFAULT}; nothing was written"
            )


if __name__ == "__main__":
    run_command(main, SavedModelOptions)
