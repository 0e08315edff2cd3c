"""Prints how soon a mask generator alone learns the sketches of `--mask_prior`; draws its masks.

`python benchmarks/sketches.py --flagfile=flagfiles/people128.flags --data_dir=PEOPLE
--picture=masks.png`; run it with other options of m, such as `--nomask_skips`, to compare. The data
are those of training, batches that it never sees again are held out.
"""

from __future__ import annotations

import dataclasses
import time

import keras
import numpy as np
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.data.dataset import make_dataset
from maskanim_tf.media.panels import write_picture
from maskanim_tf.models import build_networks

HELD_OUT, SHOWN = 30, 10


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    steps: int = option(600, "steps of m", minimum=1)
    batches: int = option(300, "batches that the steps go round", minimum=1)
    rate: float = option(1e-3, "learning rate of Adam", above=0)
    picture: str = option("", "PNG file for frames, their sketches and m's masks, row by row")


def main(config: Config, options: BenchmarkOptions) -> None:
    if not config.loss.mask_prior:
        raise ValueError(
            "mask_prior is 0, so no sketches are drawn; take flagfiles/people128.flags"
        )
    stream = make_dataset(config, keys.TRAIN).take(options.batches + HELD_OUT)
    batches = [frames_and_sketches(batch) for batch in stream]
    learned, unseen = batches[HELD_OUT:], batches[:HELD_OUT]
    keras.utils.set_random_seed(config.seed)
    generator = build_networks(config.model, config.training.precision).mask_generator
    optimizer = keras.optimizers.Adam(options.rate)

    def error(frames: tf.Tensor, sketches: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.reduce_mean((generator(frames, training=training)[keys.MASK] - sketches) ** 2)

    @tf.function
    def step(frames: tf.Tensor, sketches: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = error(frames, sketches, training=True)
        variables = generator.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

    started = time.perf_counter()
    for done in range(1, options.steps + 1):
        step(*learned[done % len(learned)])
        if done % max(1, options.steps // 3) == 0:
            unseen_error = np.mean([error(*batch) for batch in unseen])
            seconds = time.perf_counter() - started
            print(
                f"{done:5d} steps  squared error {unseen_error:.4f}  {seconds:4.0f} s", flush=True
            )
    if options.picture:
        frames, sketches = (part[:SHOWN] for part in unseen[0])
        masks = generator(frames)[keys.MASK]
        small = tf.image.resize(frames, masks.shape[1:3], antialias=True)
        rows = [small, *(tf.repeat(part, 3, axis=-1) for part in (sketches, masks))]
        picture = np.vstack([np.hstack(row.numpy()) for row in rows])
        write_picture(options.picture, np.uint8(255 * picture.clip(0, 1) + 0.5))


def frames_and_sketches(batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Sources and drivers of a batch in one, with what their masks should look like."""
    frames = tf.concat((batch[keys.SOURCE], batch[keys.DRIVING]), axis=0)
    sketches = batch[keys.SKETCHES]
    return frames, tf.concat((sketches[:, 0], sketches[:, 1]), axis=0)


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
