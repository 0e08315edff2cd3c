"""What exporters to other runtimes share: a folder that appears when its content was checked."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from functools import partial as bind
from pathlib import Path
from typing import Any

from maskanim_tf.config import Config, option
from maskanim_tf.export.export_options import ExportOptions
from maskanim_tf.export.model_card import CARD, write_model_card
from maskanim_tf.export.parity import FLOAT_BOUND, check_inputs, compare
from maskanim_tf.export.stages import ANIMATE, ANIMATE_MASK, Runtime, animate_with_runtime
from maskanim_tf.models import Animator, load_animator
from maskanim_tf.storage.files import atomic_path, check_writable


@dataclasses.dataclass(frozen=True)
class FolderOptions(ExportOptions):
    """The result, where it is a folder of its own."""

    output: str = option("", "folder that is made for the result")


def export_folder(
    options: FolderOptions,
    write: Callable[[Animator, Config, Path], dict[str, Any]],
    runtime: Callable[[Path], Runtime],
    batches: tuple[int, ...],
    bound: float | None,
) -> None:
    """Writes an export, loads it again and compares it with the Keras model.

    Args:
      options: of the command.
      write: writes into a folder and returns details for the model card.
      runtime: opens that folder.
      batches: numbers of driving frames to check.
      bound: largest allowed difference; None where it is only reported.

    Raises:
      ValueError: no output folder is given or it holds something, or the comparison fails.
      OSError: the folder cannot be written.
    """
    folder = Path(options.output)
    if not options.output:
        raise ValueError("output is empty; give the folder to make with --output=FOLDER")
    if folder.exists() and not (folder.is_dir() and not os.listdir(folder)):
        raise ValueError(f"{folder} exists already; choose another --output, or remove it")
    check_writable(folder)
    animator, config = load_animator(options.checkpoint, options.ablation)
    with atomic_path(folder) as partial:
        partial.mkdir()
        details = write(animator, config, partial)
        inputs = list(check_inputs(config, options, batches))
        loaded = runtime(partial)
        for stage in (ANIMATE_MASK, ANIMATE) if loaded.takes_masks else (ANIMATE,):
            exported = bind(animate_with_runtime, loaded, stage=stage)
            parity = compare(animator, exported, iter(inputs), bound or FLOAT_BOUND)
            # A coarse format may differ, but must give numbers.
            parity.require(float("inf") if bound is None else bound, f"{folder}, {stage}")
        write_model_card(partial / CARD, animator, config, options, parity, **details)
    print(f"{folder}: {parity}")
