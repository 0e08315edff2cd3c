"""The weights that come with the package."""

import os

import numpy as np

from maskanim_tf import keys
from maskanim_tf.models import load_animator
from maskanim_tf.models.presets import preset_path
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.puppets import make_clip


def test_small_and_described():
    assert os.path.getsize(preset_path()) < 10e6
    assert np.load(preset_path())["mask_generator/final/kernel"].dtype == np.float16
    card = preset_path().with_suffix(".md").read_text()
    assert "python train_main.py" in card


def test_unseen_puppets_move_like_their_drivers():
    animator, config = load_animator("puppets64")
    ours, copied = [], []
    for index in range(4):
        clip = make_clip(777, index, size=config.model.image_size, frames=24, plain=True)
        frames = as_floats(clip.frames)
        encoded = animator.encode_source(frames[:1])
        made = animator.animate(encoded, frames[1:])[keys.FRAME]
        # Where the puppet is or was: the background is easy to copy.
        moving = (clip.masks[1:] != clip.masks[:1])[..., np.newaxis]
        ours.append(np.abs(made - frames[1:])[np.broadcast_to(moving, made.shape)].mean())
        copied.append(np.abs(frames[:1] - frames[1:])[np.broadcast_to(moving, made.shape)].mean())
    assert np.mean(ours) < 0.8 * np.mean(copied), (ours, copied)
