import numpy as np
import pytest

from maskanim_tf.evaluation.detectors import DetectorOptions, open_detectors
from maskanim_tf.evaluation.image_model import ModelInput
from maskanim_tf.evaluation.keypoints import ModelPoints, PuppetJoints
from maskanim_tf.evaluation.mediapipe_points import MediaPipePoints
from maskanim_tf.evaluation.metrics import AED, AKD, CSIM, IOU, MKR, POSE, SHAPE
from maskanim_tf.evaluation.point_metrics import KeyPoints, keypoint_distance, shape_distance
from maskanim_tf.puppets import make_clip
from tests.evaluation.model_files import mean_onnx, plain, red_onnx
from tests.helpers import shared_folder

EXPECTS = ModelInput(16, "unit", "rgb")


def test_puppet_joints_are_in_pixels_of_256():
    clip = make_clip(0, 3, size=64, frames=2)
    detected = PuppetJoints().detect(clip.frames)
    both = detected.found & clip.visible
    assert both.sum() > 12
    truth = clip.joints * 4
    assert np.linalg.norm(detected.positions - truth, axis=-1)[both].mean() < 2


@pytest.mark.parametrize(
    ("layout", "units", "position"),
    [("xyc", "fraction", (51.2, 102.4)), ("yxc", "pixels", (6.4, 3.2))],
)
def test_a_network_of_coordinates(tmp_path, layout, units, position):
    mean_onnx(tmp_path / "m.onnx")
    model = ModelPoints(str(tmp_path / "m.onnx"), EXPECTS, layout, units, 0.5)
    seen = model.detect(plain((51, 102, 204), (51, 102, 51)))
    np.testing.assert_allclose(seen.positions, [[position]] * 2, rtol=1e-5)
    # The third number, blue, is the confidence.
    np.testing.assert_array_equal(seen.found, [[True], [False]])


def test_a_network_of_heat_maps(tmp_path):
    red_onnx(tmp_path / "m.onnx")
    frames = plain((0, 255, 255), (0, 255, 255), size=16)
    frames[0, 12, 4, 0] = 255
    seen = ModelPoints(str(tmp_path / "m.onnx"), EXPECTS, "heatmap", "fraction", 0.5).detect(frames)
    np.testing.assert_allclose(seen.positions[0], [(4.5 * 16, 12.5 * 16)])
    np.testing.assert_array_equal(seen.found, [[True], [False]])


def test_a_wrong_layout_is_named(tmp_path):
    mean_onnx(tmp_path / "m.onnx")
    for layout in ("xy", "heatmap"):
        model = ModelPoints(str(tmp_path / "m.onnx"), EXPECTS, layout, "fraction", 0.5)
        with pytest.raises(ValueError, match=rf"\[1, 3\], which is no keypoints_layout={layout}"):
            model.detect(plain((0, 0, 0)))


def test_missing_models_become_reasons(tmp_path):
    detectors = open_detectors(DetectorOptions())
    assert detectors.detector is None
    assert set(detectors.not_measured) == {AKD, MKR, POSE, SHAPE, AED, CSIM, IOU}
    assert "--keypoints=" in detectors.not_measured[AKD]
    gone = str(tmp_path / "gone.onnx")
    detectors = open_detectors(
        DetectorOptions(keypoints="model", keypoints_model=gone, embedding=gone)
    )
    assert detectors.not_measured[MKR] == detectors.not_measured[AED]
    assert gone in detectors.not_measured[CSIM]
    detectors = open_detectors(DetectorOptions(keypoints="puppets"))
    assert set(detectors.not_measured) == {SHAPE, AED, CSIM}


def test_without_mediapipe_its_metrics_are_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mediapipe", None)
    reasons = open_detectors(DetectorOptions(keypoints="face")).not_measured
    assert r"maskanim[metrics]" in reasons[AKD]


@pytest.mark.parametrize(
    ("subject", "sample", "points"), [("face", "vox", 468), ("pose", "taichi", 33)]
)
def test_mediapipe_follows_a_shift(subject, sample, points):
    pytest.importorskip("mediapipe")
    from maskanim_tf.media.pictures import read_picture

    picture = read_picture(shared_folder("data/paper_samples") / sample / "a" / "source.png")
    shifted = np.roll(picture, 6, 1)
    detector = MediaPipePoints(subject)
    seen = detector.detect(np.stack([picture, shifted, np.zeros_like(picture)]))
    assert seen.positions.shape == (3, points, 2)
    assert seen.found[:2].mean() > 0.9
    assert not seen.found[2].any()
    depth = seen.depth if subject == "face" else np.zeros(seen.found.shape)
    pair = [KeyPoints(*(x[i : i + 1] for x in (seen.positions, seen.found, depth))) for i in (0, 1)]
    assert 4 < keypoint_distance(*pair)[0] < 8
    assert shape_distance(*pair)[0] < 0.05
