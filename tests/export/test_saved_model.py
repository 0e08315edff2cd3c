import io
import json

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

from maskanim_tf import keys
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.export import saved_model
from maskanim_tf.export.encoded_frames import decode_frames, encode_frames
from maskanim_tf.export.saved_model import SavedModelOptions
from maskanim_tf.export.warmup import WARMUP
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.models import load_animator
from maskanim_tf.models.weights import read_arrays, write_arrays
from maskanim_tf.ops.pixels import as_bytes, as_floats
from maskanim_tf.serving.loaded_model import LoadedModel
from tests.helpers import random_frames

# And how many inputs each has.
SIGNATURES = {
    "serving_default": 2,
    "animate_bytes": 2,
    "encode_source": 1,
    "animate_encoded": 3,
    "masks": 2,
    "find_masks": 1,
    "animate_masks": 2,
    "inspect_masks": 2,
}


def export(checkpoint, output, version=1, **options):
    """Exports a model, and returns its folder."""
    where = {"checkpoint": str(checkpoint), "output": str(output), "version": version}
    saved_model.main(SavedModelOptions(**where, **options))
    return output / "maskanim" / str(version)


@pytest.fixture(scope="module")
def folder(checkpoint, tmp_path_factory):
    return export(checkpoint, tmp_path_factory.mktemp("models"), version=7)


@pytest.fixture(scope="module")
def model(folder):
    return tf.saved_model.load(str(folder))


@pytest.fixture(scope="module")
def signatures(model):
    return model.signatures


@pytest.fixture(scope="module")
def animator(checkpoint):
    return load_animator(checkpoint)[0]


def decoded(contents):
    return [tf.io.decode_png(content).numpy() for content in contents.numpy()]


def test_bfloat16_takes_half_the_space(folder, model, checkpoint, tmp_path):
    small = export(checkpoint, tmp_path, precision="bfloat16", warmup=False)
    sizes = [
        sum(np.prod(v.shape) * v.dtype.size for f in m.signatures.values() for v in f.variables)
        for m in (tf.saved_model.load(str(small)), model)
    ]
    assert sizes[0] == pytest.approx(sizes[1] / 2, rel=0.05)
    card = json.loads((small / "model_card.json").read_text())
    assert card["options"]["precision"] == "bfloat16"
    assert LoadedModel(small, 10**6).precision == "bfloat16"
    assert LoadedModel(folder, 10**6).precision == "float32"
    with pytest.raises(ValueError, match="must be float32 without the inference rewrite"):
        SavedModelOptions(precision="bfloat16", rewrite=False)


def test_signatures_are_the_contract(signatures):
    assert set(signatures) == set(SIGNATURES)
    for name, signature in signatures.items():
        inputs = signature.structured_input_signature[1]
        assert all(
            (spec.dtype == tf.string) == key.endswith("_bytes") for key, spec in inputs.items()
        )
        assert {spec.shape[0] for spec in inputs.values()} == {None}
        assert len(inputs) == SIGNATURES[name]
    intermediates = set(signatures["masks"].structured_outputs)
    assert set(keys.INTERMEDIATES) <= intermediates
    assert set(signatures["inspect_masks"].structured_outputs) == intermediates - {keys.DRIVING}


def test_operations_are_core_tensorflow_only(folder):
    content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = content.meta_graphs[0].graph_def
    used = {
        node.op
        for part in [graph.node, *(f.node_def for f in graph.library.function)]
        for node in part
    }
    own = {function.signature.name for function in graph.library.function}
    assert "Conv2D" in used
    assert not [op for op in used - own if ">" in op or not hasattr(tf.raw_ops, op)]


def test_bytes_animate_pictures_of_any_size(signatures, animator):
    pixels = as_bytes(np.concatenate((random_frames(1, 48), random_frames(1, 48, seed=1))))[:, :40]
    source, driving = (tf.io.encode_png(picture).numpy() for picture in pixels)
    encoded = signatures["encode_source"](source_bytes=tf.constant([source]))
    np.testing.assert_allclose(
        encoded["source_mask"],
        animator.encode_source(encoded["source"])["source_mask"],
        atol=1e-5,
    )
    answer = signatures["animate_encoded"](**encoded, driving_bytes=tf.constant([driving] * 2))
    direct = signatures["animate_bytes"](
        source_bytes=tf.constant([source] * 2), driving_bytes=tf.constant([driving] * 2)
    )
    assert direct["frame_bytes"].numpy().tolist() == answer["frame_bytes"].numpy().tolist()
    expected = animator.animate(
        animator.encode_source(encoded["source"]), decode_frames(tf.constant([driving]), 32)
    )
    for frame in decoded(answer["frame_bytes"]):
        np.testing.assert_allclose(frame, as_bytes(expected["frame"].numpy())[0], atol=1)


def test_masks_may_come_from_outside(signatures, animator):
    pixels = as_bytes(random_frames(4, seed=3))
    source, *driving = (tf.io.encode_png(picture).numpy() for picture in pixels)
    found = signatures["find_masks"](driving_bytes=tf.constant(driving))
    frames = as_floats(pixels[1:])
    np.testing.assert_allclose(found["driving_mask"], animator.encode_driving(frames), atol=1e-5)
    own = AnimatorGenerator(animator).mask_model.encode()
    assert found["mask_model"].numpy().tolist() == [own] * 3
    masks = random_frames(3, 16, channels=1)
    expected = animator.animate_mask(animator.encode_source(as_floats(pixels[:1])), masks)
    shown = signatures["inspect_masks"](
        source=tf.constant(as_floats(pixels[:1])), driving_mask=tf.constant(masks)
    )
    for key, value in shown.items():
        np.testing.assert_allclose(value, expected[key], atol=1e-4)
    answer = signatures["animate_masks"](
        source_bytes=tf.constant([source] * 3), driving_mask=tf.constant(masks)
    )
    frames = decoded(answer["frame_bytes"])
    np.testing.assert_allclose(frames, as_bytes(expected["frame"].numpy()), atol=1)


def test_card_and_warmup(folder, signatures, animator):
    card = json.loads((folder / "model_card.json").read_text())
    assert card["configuration"]["model"]["image_size"] == 32
    own = AnimatorGenerator(animator).mask_model
    assert (card["mask_size"], card["mask_model"]) == (16, own)
    assert len(card["weights_sha256"]) == 64
    assert max(card["parity"]["differences"].values()) < 1e-4
    assert card["versions"]["tensorflow"] == tf.__version__
    apis = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    records = tf.data.TFRecordDataset(str(folder / WARMUP)).as_numpy_iterator()
    seen = set()
    for record in records:
        request = apis.PredictionLog.FromString(record).predict_log.request
        inputs = {key: tf.constant(tf.make_ndarray(v)) for key, v in request.inputs.items()}
        assert signatures[request.model_spec.signature_name](**inputs)
        seen.add(request.model_spec.signature_name)
    assert seen == set(SIGNATURES)


@pytest.mark.parametrize(
    "changes", [{"batch": 2, "encoding": "jpeg", "weights": "constants"}, {"rewrite": False}]
)
def test_forms(checkpoint, tmp_path, changes):
    model = tf.saved_model.load(str(export(checkpoint, tmp_path, warmup=False, **changes)))
    loaded = model.signatures
    signature = loaded["animate_bytes"]
    batch = changes.get("batch")
    encoded = loaded["animate_encoded"].structured_input_signature[1]
    assert encoded["driving_bytes"].shape == (batch,)
    assert encoded["source"].shape[0] is None
    assert signature.structured_outputs["frame_bytes"].shape == (batch,)
    picture = tf.io.encode_png(as_bytes(random_frames(1))[0]).numpy()
    contents = tf.constant([picture] * 2)
    answer = signature(source_bytes=contents, driving_bytes=contents)["frame_bytes"].numpy()
    assert answer[0].startswith(b"\xff\xd8" if "encoding" in changes else b"\x89PNG")


def test_errors_leave_nothing(checkpoint, folder, tmp_path):
    with pytest.raises(ValueError, match=r"maskanim/7 exists already; choose another --version"):
        export(checkpoint, folder.parent.parent, version=7)
    arrays = read_arrays(checkpoint)
    missing = "mask_refiner/final/kernel"
    write_arrays(tmp_path / "part.npz", {k: v for k, v in arrays.items() if k != missing})
    with pytest.raises(ValueError, match=f"part.npz lacks {missing}"):
        export(tmp_path / "part.npz", tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        export(checkpoint, tmp_path / "file")
    broken = {k: v * np.nan if k.endswith("final/kernel") else v for k, v in arrays.items()}
    write_arrays(tmp_path / "nan.npz", broken)
    with pytest.raises(ValueError, match="nothing was written"):
        export(tmp_path / "nan.npz", tmp_path / "out")
    assert not list(tmp_path.rglob("saved_model.pb"))


def encoded(suffix, pixels):
    ok, content = cv2.imencode(suffix, pixels)
    assert ok
    return content.tobytes()


def test_any_picture_becomes_a_frame():
    picture = cv2.GaussianBlur(as_bytes(random_frames(1, 64, seed=5))[0][:, 4:60], (0, 0), 4)
    expected = fit_square(picture, 32).astype(int)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    alpha = np.zeros((64, 56, 1), np.uint8)
    contents = [
        encoded(".png", picture[..., ::-1]),
        encoded(".bmp", picture[..., ::-1]),
        encoded(".jpg", picture[..., ::-1]),
        encoded(".gif", picture[..., ::-1]) if cv2.haveImageWriter(".gif") else None,
        encoded(".png", grey),
        encoded(".png", np.concatenate((picture[..., ::-1], alpha), -1)),
    ]
    results = {
        index: decode_frames(tf.constant([content]), 32)[0].numpy() * 255
        for index, content in enumerate(contents)
        if content
    }
    # OpenCV averages boxes and TensorFlow triangles.
    for index, result in results.items():
        if index < 4:
            assert np.abs(result - expected).mean() < 5, index
    assert np.abs(results[4] - fit_square(np.stack([grey] * 3, -1), 32)).mean() < 5
    np.testing.assert_allclose(results[5], 255, atol=1e-3)


def gif(indices, corner=(0, 0), **options):
    """A GIF of one frame on a canvas of 20 by 20, made by Pillow."""
    image = Image.fromarray(indices, "P")
    image.putpalette([0, 0, 0, 250, 0, 0, 0, 250, 0, 0, 0, 250, 20, 30, 40])
    stream = io.BytesIO()
    image.save(stream, "GIF", **options)
    content = bytearray(stream.getvalue())
    content[6:10] = b"\x14\0\x14\0"
    place = content.index(b"\x2c\0\0\0\0\x10\0\x10\0")
    content[place + 1], content[place + 3] = corner
    return bytes(content)


@pytest.mark.parametrize("corner", [(0, 0), (3, 1)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"transparency": 2},
        {"transparency": 0, "comment": b"hello" * 100, "loop": 0, "duration": 100},
    ],
)
def test_a_gif_is_white_where_it_is_transparent(options, corner):
    indices = np.random.default_rng(0).integers(0, 5, (16, 16), np.uint8)
    content = gif(indices, corner, **options)
    palette = np.array([[0, 0, 0], [250, 0, 0], [0, 250, 0], [0, 0, 250], [20, 30, 40]])
    if "transparency" in options:
        palette[options["transparency"]] = 255
    expected = np.full((20, 20, 3), 255)
    left, top = corner
    expected[top : top + 16, left : left + 16] = palette[indices]
    shown = tf.function(lambda contents: decode_frames(contents, 20))(tf.constant([content]))
    np.testing.assert_allclose(shown[0].numpy() * 255, expected, atol=1e-3)


def test_damaged_gifs_are_refused():
    content = gif(np.zeros((16, 16), np.uint8), transparency=1)
    for length in (0, 3, 10, 14, 30, len(content) // 2):
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode_frames(tf.constant([content[:length]]), 20)


def test_every_level_is_exact():
    # In a graph, where TensorFlow likes to multiply by 1 / 255 instead.
    decode = tf.function(lambda contents: decode_frames(contents, 16))
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, -1)
    opaque = np.full((16, 16, 1), 255, np.uint8)
    contents = [encoded(".png", levels), encoded(".png", np.concatenate((levels, opaque), -1))]
    for frame in decode(tf.constant(contents)):
        np.testing.assert_array_equal(frame, as_floats(levels))


def test_frames_survive_encoding():
    frames = random_frames(2)
    for encoding, bound in (("png", 0.5), ("jpeg", 40)):
        contents = encode_frames(tf.constant(frames), encoding, 95)
        back = decode_frames(contents, 32)
        assert np.abs(back - frames).max() * 255 <= bound + 1e-3
