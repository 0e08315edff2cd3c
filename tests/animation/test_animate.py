import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from maskanim_tf.animate import AnimateOptions, main
from maskanim_tf.animation import AnimationOptions
from maskanim_tf.models import ABLATIONS
from maskanim_tf.models.presets import preset_path
from maskanim_tf.models.weights import read_arrays, write_arrays
from tests.animation.material import decoded, pixels
from tests.helpers import REPOSITORY, TINY_CONFIG, TINY_MODEL, TINY_RELEASE_MODEL
from tests.media.clip_files import write_picture, write_video


@pytest.fixture
def inputs(tmp_path):
    write_picture(tmp_path / "source.png", pixels(1, seed=9)[0])
    write_video(tmp_path / "driver.mp4", pixels(5))
    return {"source": str(tmp_path / "source.png"), "driving": str(tmp_path / "driver.mp4")}


def command(**flags):
    options = [f"--{name}={value}" for name, value in flags.items()]
    return [sys.executable, "-m", "maskanim_tf.animate", *options]


def run(**flags):
    return subprocess.run(command(**flags), cwd=REPOSITORY, capture_output=True, text=True)


def test_the_command_animates(inputs, checkpoint, tmp_path):
    output = tmp_path / "new" / "out.mp4"
    done = run(**inputs, checkpoint=checkpoint, output=output, view="side_by_side")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{output}: 5 frames at 25 per second\n"
    assert "5/5" in done.stderr
    assert decoded(output)[0].shape == (5, 32, 96, 3)


def test_failed_pairs_end_with_status_1_and_skipped_ones_do_not(inputs, checkpoint, tmp_path):
    (tmp_path / "sources").mkdir()
    for name, content in (("bad.png", b"no picture"), ("good.png", None)):
        data = content or (tmp_path / "source.png").read_bytes()
        (tmp_path / "sources" / name).write_bytes(data)
    flags = {"source": tmp_path / "sources", "driving": inputs["driving"]}
    done = run(**flags, checkpoint=checkpoint, output=tmp_path / "out")
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path}/out: 1 written, 0 were there already\n"
    assert "bad.png: it holds no picture" in done.stderr
    assert done.stderr.splitlines()[-1] == "error: 1 of 2 pairs could not be animated"
    assert os.listdir(tmp_path / "out") == ["good-driver.mp4"]


def test_ctrl_c_leaves_nothing(inputs, checkpoint, tmp_path):
    write_video(tmp_path / "long.mp4", pixels(20).repeat(300, 0), options={"preset": "ultrafast"})
    flags = {"source": inputs["source"], "driving": tmp_path / "long.mp4"}
    output = tmp_path / "out" / "out.mp4"
    process = subprocess.Popen(
        command(**flags, checkpoint=checkpoint, output=output, batch_size=1),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not output.parent.is_dir() or not os.listdir(output.parent):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors[-300:]
    assert errors.splitlines()[-1] == "stopped"
    assert not os.listdir(output.parent)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"driving": ""}, "give --source=PICTURE and --driving=VIDEO"),
        ({"pairs": "pairs.csv"}, "--pairs comes with its own sources"),
        ({"output": ""}, "give --output"),
        ({"output": "out.avi"}, "unknown ending .avi"),
        ({"checkpoint": "absent.npz"}, "no weight file absent.npz"),
        ({"source": "absent.png"}, "absent.png: cannot be read"),
    ],
)
def test_wrong_options_are_one_error(inputs, checkpoint, changes, message):
    flags = {**inputs, "checkpoint": str(checkpoint), "output": "out.mp4", **changes}
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        main(AnimateOptions(**flags), AnimationOptions())


def last_frame(inputs, checkpoint, output, **flags):
    flags = {**inputs, "checkpoint": str(checkpoint), "output": str(output), **flags}
    main(AnimateOptions(**flags), AnimationOptions())
    return (output / "frame-000004.png").read_bytes()


def reconfigured(checkpoint, path, config):
    """The weights of a file under another configuration."""
    stored = np.array(json.dumps(config.to_dict()))
    write_arrays(path, {**read_arrays(checkpoint), "config": stored})
    return path


def test_ablations_differ(inputs, checkpoint, tmp_path):
    frames = {
        last_frame(inputs, checkpoint, tmp_path / ablation, ablation=ablation)
        for ablation in ABLATIONS
    }
    assert len(frames) == 4


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (TINY_MODEL.replace(width=2.0), "build the networks with the configuration"),
        (TINY_MODEL.replace(mask_scale=1.0), "build the networks with the configuration"),
        (None, "not a readable .npz weight file"),
    ],
)
def test_weights_that_do_not_fit_are_one_error(inputs, checkpoint, tmp_path, model, message):
    path, output = tmp_path / "weights.npz", tmp_path / "out.mp4"
    if model is None:
        data = checkpoint.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    else:
        reconfigured(checkpoint, path, TINY_CONFIG.replace(model=model))
    with pytest.raises(ValueError, match=message):
        last_frame(inputs, path, output)
    assert not output.exists()


def test_weights_bring_their_variant_with_them(inputs, checkpoint, tmp_path):
    config = TINY_CONFIG.replace(model=TINY_RELEASE_MODEL, variant="release")
    release = reconfigured(checkpoint, tmp_path / "release.npz", config)
    paper = last_frame(inputs, checkpoint, tmp_path / "paper")
    assert last_frame(inputs, release, tmp_path / "release") != paper


@pytest.mark.skipif(not preset_path().is_file(), reason="needs the embedded weights")
def test_the_embedded_weights_are_the_default(inputs, tmp_path):
    main(AnimateOptions(**inputs, output=str(tmp_path / "out.mp4")), AnimationOptions())
    assert len(decoded(tmp_path / "out.mp4")[0]) == 5
