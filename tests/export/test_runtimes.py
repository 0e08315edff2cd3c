"""TFLite, ONNX and ncnn: exported, reloaded, compared, and run without TensorFlow's networks."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.export import saved_model
from maskanim_tf.export.ncnn_runtime import NcnnRuntime, perturbed
from maskanim_tf.export.onnx_runtime import OnnxRuntime
from maskanim_tf.export.run import open_model
from maskanim_tf.export.saved_model import SavedModelOptions
from maskanim_tf.export.stages import all_threads, animate_with_runtime
from maskanim_tf.export.tflite_runtime import TfliteRuntime, dequantize, quantize
from maskanim_tf.inference.plain_layers import WinogradUpConvolution
from maskanim_tf.media.clip_writer import write_video
from maskanim_tf.models import load_animator
from maskanim_tf.ops.perturbation import perturb_test
from maskanim_tf.puppets import make_clip
from tests.animation.material import decoded
from tests.animation.template_files import rewritten, write_templates
from tests.animators import scrambled_animator, write_checkpoint
from tests.export.commands import animate_locally, run_export
from tests.helpers import REPOSITORY, TINY_MODEL, random_frames
from tests.media.clip_files import sound_packets, write_picture, write_sounding_video


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A folder of two clips."""
    folder = tmp_path_factory.mktemp("videos")
    for index in range(2):
        frames = make_clip(0, index, size=32, frames=4).frames
        write_video(str(folder / f"{index}.avi"), frames, 10)
    return folder


def export(kind, checkpoint, folder, **options):
    """Exports into a folder, and returns that."""
    module = importlib.import_module(f"maskanim_tf.export.{kind}")
    make = getattr(module, f"{kind.capitalize()}Options")
    module.main(make(checkpoint=checkpoint, output=str(folder), **options))
    return folder


def card_of(folder):
    return json.loads((folder / "model_card.json").read_text())


@pytest.fixture(scope="module")
def tflite_folder(checkpoint, tmp_path_factory):
    return export("tflite", checkpoint, tmp_path_factory.mktemp("tflite") / "export")


@pytest.fixture(scope="module")
def onnx_folder(checkpoint, tmp_path_factory):
    pytest.importorskip("onnxruntime")
    return export("onnx", checkpoint, tmp_path_factory.mktemp("onnx") / "export")


@pytest.fixture(scope="module")
def ncnn_folder(checkpoint, tmp_path_factory):
    pytest.importorskip("ncnn")
    return export("ncnn", checkpoint, tmp_path_factory.mktemp("ncnn") / "export")


@pytest.fixture(params=["tflite", "onnx", "ncnn"])
def folder(request):
    return request.getfixturevalue(f"{request.param}_folder")


def kind_of(folder):
    return folder.parent.name.rstrip("0123456789")


RUNTIMES = {"tflite": TfliteRuntime, "onnx": OnnxRuntime, "ncnn": NcnnRuntime}


def test_frames_are_those_of_keras(folder, checkpoint):
    runtime = RUNTIMES[kind_of(folder)](folder)
    assert runtime.image_size == 32
    source, driving = random_frames(1, seed=3), random_frames(2, seed=4)
    result = animate_with_runtime(runtime, source, driving)
    animator, _ = load_animator(checkpoint)
    expected = animator.animate(animator.encode_source(source), driving)
    for key in (keys.SOURCE_MASK, keys.PERTURBED_MASK, keys.FRAME):
        np.testing.assert_allclose(result[key], expected[key][: len(result[key])], atol=1e-4)
    assert max(card_of(folder)["parity"]["differences"].values()) < 1e-4


@pytest.mark.parametrize(("precision", "psnr"), [("float16", 60), ("dynamic", 35), ("int8", 25)])
def test_smaller_tflite_files(precision, psnr, checkpoint, videos, tflite_folder, tmp_path):
    how = {"precision": precision, "data_dir": str(videos), "calibration_frames": 6}
    folder = export("tflite", checkpoint, tmp_path / "export", **how)
    card = card_of(folder)
    inputs = card["files"]["animate.tflite"]["inputs"]
    assert set(inputs) == {"source", "source_mask", "driving"}
    assert inputs["driving"]["shape"] == [1, 32, 32, 3]
    assert inputs["driving"]["dtype"] == ("int8" if precision == "int8" else "float32")
    assert (inputs["driving"]["scale"] > 0) == (precision == "int8")
    assert psnr < card["parity"]["psnr"] < 120
    assert card["calibration_frames"] == (6 if precision == "int8" else 0)
    assert TfliteRuntime(folder).takes_masks == (precision != "int8")


def test_half_of_ncnn(checkpoint, ncnn_folder, tmp_path):
    folder = export("ncnn", checkpoint, tmp_path / "export", precision="float16")
    assert max(card_of(folder)["parity"]["differences"].values()) < 1e-2
    sizes = [(path / "render.bin").stat().st_size for path in (folder, ncnn_folder)]
    assert sizes[0] < 0.7 * sizes[1]


def test_ncnn_with_interleaved_filters(checkpoint, tmp_path, monkeypatch):
    pytest.importorskip("ncnn")
    # As in networks of useful size; the command compares the result with Keras.
    monkeypatch.setattr(WinogradUpConvolution, "large", 1)
    layers = (export("ncnn", checkpoint, tmp_path / "export") / "render.param").read_text()
    assert "PixelShuffle" in layers
    assert "DepthToSpace" not in layers


@pytest.mark.parametrize("threshold", ["median", "fixed"])
@pytest.mark.parametrize("shrink", [0.0, 0.25])
def test_ncnn_perturbs_masks_as_the_networks_do(threshold, shrink):
    config = PerturbationConfig(threshold=threshold, shrink=shrink)
    mask = random_frames(1, channels=1)
    np.testing.assert_allclose(perturbed(mask, config), perturb_test(mask, config), atol=1e-6)


def test_all_cores_or_as_many_threads_as_asked_for(onnx_folder, tflite_folder):
    assert all_threads() == len(os.sched_getaffinity(0))
    for runtime, folder in ((OnnxRuntime, onnx_folder), (TfliteRuntime, tflite_folder)):
        assert runtime(folder).threads == all_threads()
        assert runtime(folder, threads=1).threads == 1


def test_onnx_takes_any_number_of_frames(onnx_folder):
    runtime = OnnxRuntime(onnx_folder)
    source, driving = random_frames(1), random_frames(5, seed=1)
    mask = runtime.run("source_mask", source=source)["source_mask"]
    together = runtime.run("animate", source=source, source_mask=mask, driving=driving)
    single = runtime.run("animate", source=source, source_mask=mask, driving=driving[3:4])
    assert together["frame"].shape == (5, 32, 32, 3)
    np.testing.assert_allclose(together["frame"][3:4], single["frame"], atol=1e-5)


def test_quantization_by_hand():
    detail = {"quantization": (0.5, -3), "dtype": np.int8}
    values = np.array([0.0, 1.0, -100.0, 100.0])
    np.testing.assert_array_equal(quantize(values, detail), [-3, -1, -128, 127])
    np.testing.assert_array_equal(dequantize(np.array([-3, -1], np.int8), detail), [0, 1])
    plain = {"quantization": (0.0, 0), "dtype": np.float32}
    assert quantize(values, plain) is values
    assert dequantize(values, plain) is values


# What each format may load; LiteRT alone is installed where TensorFlow has left it out.
LOADS_TENSORFLOW = {"onnx": False, "tflite": not find_spec("ai_edge_litert"), "ncnn": False}


def test_a_video_is_animated_without_the_networks(folder, checkpoint, film, tmp_path):
    output = tmp_path / "result.mp4"
    program = (
        "import atexit, runpy, sys\n"
        "names = 'tensorflow', 'maskanim_tf.models'\n"
        "atexit.register(lambda: print([name in sys.modules for name in names]))\n"
        "runpy.run_module('maskanim_tf.export.run', run_name='__main__')\n"
    )
    flags = [f"--{name}={path}" for name, path in film.items()]
    done = subprocess.run(
        [sys.executable, "-c", program, f"--model={folder}", f"--output={output}", *flags],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        f"{output}: 6 frames at 25 per second",
        str([LOADS_TENSORFLOW[kind_of(folder)], False]),
    ]
    assert decoded(output)[0].shape == (6, 32, 32, 3)
    assert sound_packets(output) == sound_packets(film["driving"])


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A picture and a video with sound."""
    path = tmp_path_factory.mktemp("film")
    write_picture(path / "source.png", make_clip(0, 1, size=48, frames=1).frames[0])
    frames = make_clip(0, 0, size=32, frames=6).frames
    write_sounding_video(path / "driving.mp4", frames, Fraction(25))
    return {"source": str(path / "source.png"), "driving": str(path / "driving.mp4")}


def frames_in(folder):
    return np.array([cv2.imread(str(path)) for path in sorted(folder.iterdir())], int)


def test_the_film_is_that_of_the_local_command(folder, checkpoint, film, tmp_path):
    """But for rounding; with every option that needs no other masks."""
    how = {
        **film,
        "view": "side_by_side",
        "find_best_frame": True,
        "auto_crop": True,
        "output_size": 40,
    }
    animate_locally(checkpoint, output=tmp_path / "local", **how)
    run_export(folder, output=tmp_path / "run", **how)
    local, exported = frames_in(tmp_path / "local"), frames_in(tmp_path / "run")
    assert local.shape[1:] == (40, 120, 3)
    assert np.abs(local - exported).max() <= 1
    with pytest.raises(ValueError, match="gives no access; leave the option out"):
        run_export(folder, output=tmp_path / "x", **{**how, "view": "all"})
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def templates(checkpoint, film, tmp_path_factory):
    """That of the film, that of other weights, and one of masks that differ a lot."""
    codes = np.random.default_rng(0).integers(0, 256, (6, 16, 16), np.uint8)
    folder = tmp_path_factory.mktemp("templates")
    return write_templates(folder, checkpoint, codes, driving=film["driving"])


def test_a_template_drives_as_in_the_local_command(folder, checkpoint, film, templates, tmp_path):
    how = {**film, "driving": templates / "lively.npz", "smooth_masks": 0.3, "motion": "relative"}
    animate_locally(checkpoint, output=tmp_path / "local", **how)
    run_export(folder, output=tmp_path / "run", **how)
    frames = frames_in(tmp_path / "run")
    assert len(frames) == 6
    assert np.abs(frames - frames_in(tmp_path / "local")).max() <= 1
    assert np.abs(frames - frames[:1]).max() >= 1
    run_export(folder, output=tmp_path / "film", **film)
    run_export(folder, output=tmp_path / "own", **{**film, "driving": templates / "own.npz"})
    assert np.abs(frames_in(tmp_path / "film") - frames_in(tmp_path / "own")).max() <= 1


def test_a_template_of_another_model_is_refused(folder, film, templates, tmp_path):
    small = rewritten(
        templates / "own.npz", tmp_path / "small.npz", codes=np.zeros((6, 8, 8), np.uint8)
    )
    nameless = shutil.copytree(folder, tmp_path / "nameless")
    (nameless / "model_card.json").unlink()
    for model, driving, message in (
        (folder, templates / "other.npz", "its masks come from another model's mask"),
        (folder, small, "masks are 8x8 pixels, but those of this model 16x16"),
        (nameless, small, "does not say which mask generator it has; export it"),
    ):
        with pytest.raises(ValueError, match=message):
            run_export(model, output=tmp_path / "x", **{**film, "driving": driving})
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": ""}, "give --source=PICTURE and --driving=VIDEO"),
        ({"output": "x.avi"}, "unknown ending .avi"),
        ({"driving": "missing.mp4"}, "missing.mp4"),
        ({"model": ""}, "give the folder that an exporter wrote with --model=DIR"),
        ({"model": "nowhere"}, "nowhere holds no exported model, none of saved_model.pb, animate"),
    ],
)
def test_wrong_options_of_an_animation(tflite_folder, film, tmp_path, changes, message):
    options = {"model": tflite_folder, **film, "output": tmp_path / "x.mp4", **changes}
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        run_export(**options)
    assert not list(tmp_path.glob("*.mp4"))


def test_the_newest_version_of_a_saved_model_is_taken(checkpoint, tmp_path):
    for version in (9, 10):
        saved_model.main(
            SavedModelOptions(
                checkpoint=checkpoint, output=str(tmp_path), version=version, warmup=False
            )
        )
    (tmp_path / "maskanim" / "9" / "saved_model.pb").write_bytes(b"nonsense")
    assert open_model(tmp_path / "maskanim").image_size == 32
    with pytest.raises(ValueError, match="no readable SavedModel of this project; export it again"):
        open_model(tmp_path / "maskanim" / "9")


def test_errors_name_the_remedy(folder, checkpoint, videos, tmp_path):
    kind = kind_of(folder)
    with pytest.raises(ValueError, match="exists already; choose another --output"):
        export(kind, checkpoint, folder)
    with pytest.raises(ValueError, match="give the folder to make with --output"):
        export(kind, checkpoint, "")
    with pytest.raises(ValueError, match="no clips"):
        export(kind, checkpoint, tmp_path / "x", data_dir=str(tmp_path))
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match="give the folder of such an export"):
        RUNTIMES[kind](tmp_path)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="export it again"):
        RUNTIMES[kind](tmp_path)


@pytest.fixture(scope="module")
def comparing(tmp_path_factory):
    """A weight file of tiny networks with correspondence."""
    animator = scrambled_animator(TINY_MODEL.replace(correspondence=4))
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "comparing.npz", animator)


@pytest.mark.parametrize("kind", RUNTIMES)
def test_pixels_that_correspond_are_read_in_every_format(kind, comparing, tmp_path):
    pytest.importorskip("onnxruntime" if kind == "onnx" else "ncnn")
    folder = export(kind, comparing, tmp_path / "export")
    assert max(card_of(folder)["parity"]["differences"].values()) < 1e-4
    if kind == "ncnn":
        assert (folder / "render.param").read_text().count("GridSample") == 6


def test_int8_is_too_coarse_for_correspondence(comparing, videos, tmp_path):
    with pytest.raises(ValueError, match="--precision=dynamic"):
        export("tflite", comparing, tmp_path / "x", precision="int8", data_dir=str(videos))


def test_int8_needs_frames(checkpoint, tmp_path):
    for folder, message in (("", "give --data_dir"), (str(tmp_path), "no clips")):
        with pytest.raises(ValueError, match=message):
            export("tflite", checkpoint, tmp_path / "x", precision="int8", data_dir=folder)
    assert not list(tmp_path.iterdir())
