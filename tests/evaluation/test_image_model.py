import numpy as np
import pytest

from maskanim_tf.evaluation.image_model import ImageModel, ModelInput, ModelMissingError
from tests.evaluation.model_files import mean_onnx, mean_saved_model, mean_tflite, plain

COLORS = [(255, 0, 51), (0, 102, 204)]
SIGNED = np.array(COLORS) / 127.5 - 1


@pytest.mark.parametrize(
    ("name", "write"),
    [("m.onnx", mean_onnx), ("m.tflite", mean_tflite), ("model", mean_saved_model)],
)
def test_every_format_sees_the_prepared_frames(tmp_path, name, write):
    path = tmp_path / name
    write(path)
    model = ImageModel(str(path), ModelInput(16, "signed", "rgb"))
    np.testing.assert_allclose(model(plain(*COLORS)), SIGNED, atol=1e-6)
    swapped = ImageModel(str(path), ModelInput(16, "bytes", "bgr"))
    np.testing.assert_allclose(swapped(plain(*COLORS)), np.array(COLORS)[:, ::-1], atol=1e-3)


def test_a_fixed_batch_of_one_takes_several_frames(tmp_path):
    mean_onnx(tmp_path / "one.onnx", batch=1)
    model = ImageModel(str(tmp_path / "one.onnx"), ModelInput(16, "signed", "rgb"))
    np.testing.assert_allclose(model(plain(*COLORS)), SIGNED, atol=1e-6)


def test_imagenet_normalization():
    prepared = ModelInput(8, "imagenet", "rgb").prepare(plain((255, 255, 255)))
    np.testing.assert_allclose(prepared[0, 0, 0], [2.2489, 2.4286, 2.64], atol=1e-4)


def test_what_is_missing_and_what_is_wrong(tmp_path):
    expects = ModelInput(16, "unit", "rgb")
    with pytest.raises(ModelMissingError, match=r"there is no model .*none\.onnx"):
        ImageModel(str(tmp_path / "none.onnx"), expects)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"broken\.onnx cannot be loaded: "):
        ImageModel(str(broken), expects)
    (tmp_path / "model.pt").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.pt: a model is a \.onnx, a \.tflite"):
        ImageModel(str(tmp_path / "model.pt"), expects)
    mean_onnx(tmp_path / "m.onnx", size=24)
    with pytest.raises(ValueError, match="not the declared frames of 16x16"):
        ImageModel(str(tmp_path / "m.onnx"), expects)
