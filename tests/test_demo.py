import re
import subprocess
import sys

import av
import cv2

from maskanim_tf.samples import CURLS, NEWCOMER, PORTRAIT, SPEAKER, TRUTH
from tests.helpers import REPOSITORY


def test_samples_are_described_and_fit_together():
    described = (PORTRAIT.parent / "README.md").read_text()
    lengths = []
    for path in (SPEAKER, TRUTH, CURLS, NEWCOMER):
        assert f"`{path.name}`" in described
        with av.open(str(path)) as film:
            lengths.append(film.streams.video[0].frames)
    assert lengths[0] == lengths[1] >= 50
    assert lengths[3] >= 200
    assert cv2.imread(str(PORTRAIT)).shape == (256, 256, 3)


def test_the_demo_shows_a_portrait_that_speaks_and_a_newcomer(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "maskanim_tf.demo", f"--output={tmp_path}", "--minutes=0.02"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"L1 to the truth +([\d.]+), of the picture itself ([\d.]+)", done.stdout)
    ours, copied = map(float, found.groups())
    assert 0.01 < ours < 1.5 * copied
    with av.open(str(tmp_path / "animation.mp4")) as film:
        assert film.streams.video[0].frames == 50
    for name in ("masks.png", "newcomer.png"):
        assert cv2.imread(str(tmp_path / name)).shape[1] > 700
    assert (tmp_path / "newcomer.npz").is_file()
