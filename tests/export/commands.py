"""The commands that animate, as tests of exports and servers call them."""

import dataclasses
from pathlib import Path

from maskanim_tf import animate
from maskanim_tf.animation import AnimationOptions
from maskanim_tf.export import run


def perform(command, make, **options):
    """Runs a command, with its own options and those of the animation; paths may be `Path`s."""
    options = {key: str(v) if isinstance(v, Path) else v for key, v in options.items()}
    names = {field.name for field in dataclasses.fields(AnimationOptions)}
    how = AnimationOptions(**{name: options.pop(name) for name in names & options.keys()})
    command(make(**options), how)


def animate_locally(checkpoint, **options):
    """`maskanim_tf.animate`, in the precision of exports."""
    exact = {"checkpoint": checkpoint, "precision": "float32"}
    perform(animate.main, animate.AnimateOptions, **exact, **options)


def run_export(model, **options):
    """`maskanim_tf.export.run`."""
    perform(run.main, run.RunOptions, model=model, **options)
