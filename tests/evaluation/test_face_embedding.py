"""The network for AED and CSIM of faces: its conversion, its sight, and what it is good for."""

import io
import json
import tarfile

import cv2
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.evaluation import face_network
from maskanim_tf.evaluation.commands.face_embedding import FaceEmbeddingOptions, main
from maskanim_tf.evaluation.detectors import DetectorOptions, open_detectors
from maskanim_tf.evaluation.face_chips import PADDING, PLACES, cut_chip
from maskanim_tf.evaluation.face_network import BLOCKS, MEAN, MODEL, PACKAGE, SIZE, build_model
from maskanim_tf.evaluation.methods import square_frames
from maskanim_tf.evaluation.metrics import CSIM, cosine_similarity, embedding_distance
from maskanim_tf.evaluation.scoring import compare_animation, observe
from maskanim_tf.media.clips import probe_clip
from maskanim_tf.samples import PORTRAIT, SPEAKER, TRUTH
from tests.programs import run_module

# Of the network's four stages in the tests; published are 32, 64, 128 and 256.
WIDTHS = {"32": 2, "64": 3, "128": 3, "256": 4}


def small_weights(seed=0):
    rng = np.random.default_rng(seed)

    def layer(name, kernel, before, after):
        shapes = {
            "conv/filters": (kernel, kernel, before, after),
            **dict.fromkeys(("conv/bias", "scale/weights", "scale/biases"), (after,)),
        }
        return {f"{name}/{k}": rng.normal(0, 0.4, s).astype(np.float32) for k, s in shapes.items()}

    weights, channels = layer("conv32_down", 7, 3, 2), 2
    for block in BLOCKS:
        width = WIDTHS[block.removeprefix("conv").partition("_")[0]]
        weights |= layer(f"{block}/conv1", 3, channels, width)
        weights |= layer(f"{block}/conv2", 3, width, width)
        channels = width
    return {**weights, "fc": rng.normal(0, 1, (channels, 5)).astype(np.float32)}


def in_tensorflow(weights, faces):
    """dlib's network layer by layer, with nothing folded, and each side as it comes out."""

    def convolution(x, name, stride=1):
        padding = "SAME" if stride == 1 else "VALID"
        x = tf.nn.conv2d(x, weights[f"{name}/conv/filters"], stride, padding)
        x += weights[f"{name}/conv/bias"]
        return x * weights[f"{name}/scale/weights"] + weights[f"{name}/scale/biases"]

    x = (faces - MEAN) / 256
    x = tf.nn.max_pool2d(tf.nn.relu(convolution(x, "conv32_down", 2)), 3, 2, "VALID")
    for block in BLOCKS:
        down = "down" in block
        y = tf.nn.relu(convolution(x, f"{block}/conv1", 2 if down else 1))
        y = convolution(y, f"{block}/conv2")
        if down:
            x = tf.nn.avg_pool2d(x, 2, 2, "VALID")
        sizes = np.maximum(x.shape, y.shape)
        x, y = (tf.pad(each, [(0, n) for n in sizes - each.shape]) for each in (x, y))
        x = tf.nn.relu(x + y)
    return (tf.reduce_mean(x, (1, 2)) @ weights["fc"]).numpy()


def test_the_file_computes_what_the_layers_compute(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    weights = small_weights()
    path = tmp_path / "face.onnx"
    path.write_bytes(build_model(weights).SerializeToString())
    faces = np.random.default_rng(1).uniform(0, 255, (2, SIZE, SIZE, 3)).astype(np.float32)
    (computed,) = onnxruntime.InferenceSession(str(path)).run(None, {"faces": faces})
    expected = in_tensorflow(weights, faces)
    assert expected.std() > 0.01
    np.testing.assert_allclose(computed, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())
    with pytest.raises(ValueError, match="the weights lack conv128_1/conv2/conv/bias"):
        build_model({k: v for k, v in weights.items() if k != "conv128_1/conv2/conv/bias"})


def packed(entries, values):
    """A package's archive with these weights."""
    content = io.BytesIO()
    manifest = json.dumps([{"paths": ["x.bin"], "weights": entries}]).encode()
    with tarfile.open(fileobj=content, mode="w:gz") as package:
        for name, data in (("-weights_manifest.json", manifest), (".bin", values)):
            member = tarfile.TarInfo(MODEL + name)
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    return content.getvalue()


ENTRIES = [
    {"name": "a", "shape": [2, 1], "dtype": "float32"},
    {
        "name": "b",
        "shape": [3],
        "dtype": "float32",
        "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
    },
]
VALUES = np.float32([1.5, -2]).tobytes() + bytes([0, 2, 255])


def test_weights_in_eight_bits_and_in_thirty_two():
    weights = face_network.read_weights(packed(ENTRIES, VALUES))
    assert set(weights) == {"a", "b"}
    np.testing.assert_array_equal(weights["a"], [[1.5], [-2]])
    np.testing.assert_array_equal(weights["b"], [-1, 0, 126.5])


@pytest.mark.parametrize(
    "archive",
    [b"", b"no archive", packed(ENTRIES, VALUES)[:80], packed(ENTRIES, VALUES + b"x")],
    ids=["empty", "other", "torn", "longer"],
)
def test_another_package_is_refused(archive):
    with pytest.raises(ValueError, match="the package holds no package/model/face_recognition"):
        face_network.read_weights(archive)


def test_chips_are_upright():
    """Five dots where a turned, scaled and shifted face has its eyes and nose."""
    size, angle = 120, np.deg2rad(25)
    turn = 130 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = PLACES @ turn.T + (90, 40)
    frame = np.zeros((256, 256, 3), np.uint8)
    for x, y in points:
        cv2.circle(frame, (round(x * 16), round(y * 16)), 4 * 16, (255, 255, 255), -1, shift=4)
    chip = cut_chip(frame, points, size)
    assert chip.shape == (size, size, 3)
    _, _, _, centres = cv2.connectedComponentsWithStats((chip[..., 0] > 127).astype(np.uint8))
    wanted = (PLACES + PADDING) / (1 + 2 * PADDING) * size
    distances = np.linalg.norm(centres[1:, None] - wanted, axis=-1)
    assert distances.shape == (5, 5)
    assert distances.min(0).max() < 0.8
    assert set(distances.argmin(0)) == set(range(5))


def test_frames_without_a_face_do_not_count():
    real = np.array([[3, 4], [1, 0], [np.nan, np.nan]])
    generated = np.array([[4, 3], [np.nan, np.nan], [1, 0]])
    np.testing.assert_allclose(cosine_similarity(real, generated), [0.96, np.nan, np.nan])
    np.testing.assert_allclose(embedding_distance(real, generated), [2**0.5, np.nan, np.nan])


def test_the_command_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"output is 'face.bin', but must end in \.onnx"):
        main(FaceEmbeddingOptions(output="face.bin"))
    other = tmp_path / "other.tgz"
    other.write_bytes(packed(ENTRIES, VALUES))
    with pytest.raises(
        ValueError, match=r"other.tgz is not @vladmandic/face-api 1\.7\.15: its che"
    ):
        main(FaceEmbeddingOptions(output=str(tmp_path / "face.onnx"), package=str(other)))
    assert list(tmp_path.iterdir()) == [other]


@pytest.fixture(scope="module")
def embedding(tmp_path_factory):
    """The real network, and the flags that the command names."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("face")
    archive = folder / PACKAGE.archive
    try:
        archive.write_bytes(PACKAGE.read("", "package"))
    except OSError as error:
        pytest.skip(f"needs {PACKAGE.name} from npm's registry: {error}")
    module = "maskanim_tf.evaluation.commands.face_embedding"
    done = run_module(module, f"--output={folder}/face.onnx", f"--package={archive}")
    assert done.returncode == 0, done.stderr
    flags = done.stdout.rpartition("give evaluations: ")[2].split()
    return dict(flag.removeprefix("--").split("=") for flag in flags)


def test_the_network_is_that_of_the_package(embedding):
    """The package's own code in Chromium gave these features of the same made-up picture.

    It divides by 255 where dlib divides by 256, so it was given the picture scaled by that.
    """
    onnxruntime = pytest.importorskip("onnxruntime")
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    channels = (x * 3 + y, y * 2 + x * y // 64, x + y * 5)
    face = np.stack([channel % 256 for channel in channels], -1).astype(np.float32)
    session = onnxruntime.InferenceSession(embedding["embedding"])
    (features,) = session.run(None, {"faces": face[None]})
    assert features.shape == (1, 128)
    expected = [-0.0641, 0.04052, 0.05253, -0.01822, -0.0522, -0.06706, -0.05446, 0.00893]
    np.testing.assert_allclose(features[0, :8], expected, atol=1e-5)
    assert np.linalg.norm(features) == pytest.approx(1.31409, abs=1e-4)


def test_one_person_is_nearer_than_another(embedding):
    pytest.importorskip("mediapipe")
    options = DetectorOptions(
        **{**embedding, "embedding_size": int(embedding["embedding_size"])}, segmentation="none"
    )
    detectors = open_detectors(options)
    assert CSIM not in detectors.not_measured

    def frames(path, step=1):
        return np.stack(list(square_frames(probe_clip(str(path)), 256))[::step])

    portrait, truth, speaker = (
        observe(detectors, frames(path, step))
        for path, step in ((PORTRAIT, 1), (TRUTH, 30), (SPEAKER, 30))
    )
    same = compare_animation(truth, portrait, truth)[CSIM]
    other = compare_animation(truth, portrait, speaker)[CSIM]
    assert same.weight == len(truth.frames)
    assert other.weight == len(speaker.frames)
    assert same.value > other.value + 0.02
    # A frame without a face is not compared, and so weighs nothing.
    blank = observe(detectors, np.zeros_like(truth.frames))
    assert compare_animation(truth, portrait, blank)[CSIM].weight == 0
