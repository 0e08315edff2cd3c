import base64
import re

import cv2
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import DataConfig
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.sources import open_clips
from maskanim_tf.evaluation.ablation_runs import FULL
from maskanim_tf.evaluation.clip_pairs import draw_pairs
from maskanim_tf.evaluation.commands.ablation import AblationOptions, find_pairs, main
from maskanim_tf.evaluation.metrics import L1
from maskanim_tf.models import ABLATIONS, load_animator
from maskanim_tf.ops.pixels import as_floats
from tests.evaluation.clips import (
    PUPPETS,
    puppet_frames,
    results,
    write_checkpoint,
    write_test_clips,
)
from tests.helpers import TINY_CONFIG


def test_the_page_shows_every_variant(tmp_path, capsys):
    write_test_clips(tmp_path / "data", count=2)
    write_checkpoint(tmp_path / "weights.npz")
    (tmp_path / "pairs.csv").write_text("source,driving\np0,p1\np1,p0\n")
    options = AblationOptions(
        checkpoint=str(tmp_path / "weights.npz"),
        pairs=str(tmp_path / "pairs.csv"),
        data_dir=str(tmp_path / "data"),
        batch_size=3,
        output=str(tmp_path / "out"),
    )
    main(options, PUPPETS)
    printed = capsys.readouterr().out
    content = results(tmp_path / "out")
    assert list(content["methods"]) == [FULL, *ABLATIONS[1:]]
    page = (tmp_path / "out" / "ablation.html").read_text()
    encoded = re.search(r'base64,([^"]+)"', page)
    panel = cv2.imdecode(np.frombuffer(base64.b64decode(encoded[1]), np.uint8), cv2.IMREAD_COLOR)
    picture = cv2.imread(str(tmp_path / "out" / "ablation.png"))
    assert panel.shape[1] == 11 * 132 - 4
    np.testing.assert_array_equal(picture[: len(panel)], panel)
    assert picture[len(panel) :].min() < 100, "the table is drawn below"
    assert "Rows: p0-p1, p1-p0." in page
    for line in printed.splitlines()[:5]:
        assert line in page
    # The reconstruction of p1 by one ablation, computed directly.
    animator, _ = load_animator(options.checkpoint, "no_ref")
    frames = as_floats(puppet_frames(1))
    source = np.repeat(frames[:1], 3, 0)
    made = animator({keys.SOURCE: source, keys.DRIVING: frames[1:]})[keys.FRAME]
    expected = np.mean(np.abs(np.round(made * 255) / 255 - frames[1:]))
    score = content["methods"]["no_ref"]["videos"]["p0-p1"][L1]
    assert score["value"] == pytest.approx(expected, abs=2e-5)
    assert score["weight"] == 3


def test_pairs_are_of_clips_that_training_holds_back(tmp_path):
    """With `train/` beside other folders; training sees the clips of `train/` alone."""
    write_test_clips(tmp_path / "train", count=6, frames=2)
    write_test_clips(tmp_path / "extra", count=2, frames=2)
    config = TINY_CONFIG.replace(
        data=DataConfig(data_dir=str(tmp_path), held_out=3, progress=False), seed=4
    )
    held = open_clips(config, keys.TEST).names
    pairs = find_pairs(AblationOptions(data_dir=str(tmp_path), count=6), config)
    assert {clip.name for pair in pairs for clip in (pair.source, pair.driving)} == set(held)


def test_drawn_pairs_are_repeatable_and_never_of_one_clip(tmp_path):
    write_test_clips(tmp_path, count=4, frames=2)
    clips = find_clips(tmp_path)
    pairs = draw_pairs(clips, 12, seed=0)
    assert len({pair.name for pair in pairs}) == 12
    assert all(pair.source != pair.driving for pair in pairs)
    assert draw_pairs(clips[::-1], 3, seed=5) == draw_pairs(clips, 3, seed=5)
    assert draw_pairs(clips, 3, seed=5) != draw_pairs(clips, 3, seed=6)
    with pytest.raises(ValueError, match="one clip makes no pairs"):
        draw_pairs(clips[:1], 1, seed=0)
