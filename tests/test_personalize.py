import cv2
import numpy as np
import pytest

from maskanim_tf.media.movies import write_movie
from maskanim_tf.models import build_networks, load_animator
from maskanim_tf.models.checkpoint import write_weights
from maskanim_tf.personalize import PersonalizeOptions, personalize
from tests.helpers import TINY_CONFIG
from tests.programs import run_module


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Untrained weights of tiny networks."""
    path = tmp_path_factory.mktemp("weights") / "start.npz"
    config = TINY_CONFIG.replace(training=TINY_CONFIG.training.replace(batch_size=4))
    write_weights(str(path), build_networks(config.model), config)
    return path


def film(path, frames, size=48):
    """A red square that moves before a grey ground."""
    pictures = np.full((frames, size, size, 3), 90, np.uint8)
    for number, picture in enumerate(pictures):
        left = 4 + 2 * (number % 14)
        picture[12:28, left : left + 12] = (230, 40, 60)
    write_movie(path, pictures, 25)
    return str(path)


def options(start, output, *videos, **changes):
    values = {"checkpoint": str(start), "output": str(output), "minutes": 0.05}
    return PersonalizeOptions(video=videos, **{**values, "learning_rate": 2e-3, **changes})


def test_learns_from_two_videos_and_writes_weights_that_every_command_takes(start, tmp_path):
    videos = film(tmp_path / "a.mp4", 30), film(tmp_path / "b.mp4", 12)
    output = tmp_path / "new" / "me.npz"
    result = personalize(options(start, output, *videos))
    assert result.steps > 1
    assert result.after < result.before
    _, config = load_animator(output)
    # What only this training needed is not passed on.
    assert config == load_animator(start)[1]
    assert cv2.imread(str(result.picture)).shape[1] == 6 * 132 - 4
    assert sorted(path.name for path in output.parent.iterdir()) == ["me.npz", "me.png"]


def test_the_end_of_a_video_is_held_out(start, tmp_path):
    from maskanim_tf import personalize as command

    config = load_animator(start)[1]
    wanted = options(start, tmp_path / "me.npz", held_out=0.25, frames=20)
    command._write_clips(tmp_path, "000", film(tmp_path / "a.mp4", 40), wanted, config)
    learned, tested = (sorted((tmp_path / split / "000").iterdir()) for split in ("train", "test"))
    # Every other frame of 40; the square stands at 4 + 2 (number mod 14).
    assert [path.name for path in learned][-1] == "000014.png"
    assert [path.name for path in tested] == [f"{i:06d}.png" for i in range(5)]
    first = cv2.imread(str(tested[0]))[:, :, 2]
    left = np.flatnonzero(first[13] > 160)[0] * 48 / first.shape[1]
    assert left == pytest.approx(4 + 2 * (30 % 14), abs=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "needs --video=VIDEO and --output=FILE.npz"),
        (["--video=gone.mp4", "--output=me.npz"], "gone.mp4"),
        (["--video=short.gif", "--output=me.npz"], "at least 6 are needed"),
        (["--video=a.mp4", "--output=me.h5"], "must end in .npz"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "short.gif", 3)
    done = run_module("maskanim_tf.personalize", *arguments)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["short.gif"]
