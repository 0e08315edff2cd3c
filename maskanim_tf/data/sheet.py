"""`python -m maskanim_tf.data.sheet`: a picture of what training will see."""

from __future__ import annotations

import dataclasses

from maskanim_tf import keys
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.data.dataset import make_dataset, steps_per_epoch
from maskanim_tf.data.sources import open_clips
from maskanim_tf.media.panels import draw_panel, write_picture

LABELS = {
    keys.SOURCE: "source",
    keys.TARGET: "target",
    keys.DRIVING: "augmented driver",
}


@dataclasses.dataclass(frozen=True)
class SheetOptions(Section):
    """Options of the command."""

    rows: int = option(8, "samples to show", minimum=1)
    output: str = option("out/sheet.png", "picture to write")


def main(config: Config, options: SheetOptions) -> None:
    """Writes a contact sheet of training samples: source, driver, augmented driver."""
    config = config.replace(training=config.training.replace(batch_size=options.rows))
    clips = open_clips(config, keys.TRAIN)
    batch = next(iter(make_dataset(config, keys.TRAIN, clips=clips)))
    columns = {label: batch[key].numpy() for key, label in LABELS.items()}
    write_picture(options.output, draw_panel(columns, tuple(columns)))
    print(
        f"{len(clips.names)} clips with {int(clips.frame_counts.sum())} frames, "
        f"{steps_per_epoch(config, clips)} batches of {options.rows} per epoch; "
        f"look at {options.output}"
    )


if __name__ == "__main__":
    run_command(main, Config, SheetOptions)
