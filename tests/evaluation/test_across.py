import shutil

import cv2
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.data.clip_truth import read_clip_truth
from maskanim_tf.evaluation.commands.reconstruct import ReconstructOptions, main
from maskanim_tf.evaluation.metrics import AKD, IOU, L1, mask_overlap
from maskanim_tf.evaluation.reconstruction import COPY, MODEL, TRUE_FRAMES
from maskanim_tf.evaluation.segmentation import MediaPipePerson, SceneDifference
from maskanim_tf.evaluation.truth_judge import COPY_TRUTH, NO_TRUTH
from maskanim_tf.media.clips import probe_clip, read_frames
from maskanim_tf.models import load_animator
from maskanim_tf.puppets import DatasetParameters, make_clip, write_dataset
from tests.evaluation.clips import (
    PUPPETS,
    SIZE,
    frames_of,
    rebuilt,
    results,
    write_checkpoint,
    write_test_clips,
)

FIRST, SECOND = (f"person200000{person}#motion1000000" for person in (0, 1))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two puppets that make the same motion, and what they made of each other."""
    folder = tmp_path_factory.mktemp("across")
    parameters = DatasetParameters(
        clips=2, test_clips=2, size=SIZE, frames=4, identities_per_motion=2, format="frames"
    )
    write_dataset(str(folder / "data"), parameters)
    return folder, rebuilt(folder, pairs="across")


def test_the_other_one_drives_and_the_own_frames_are_the_aim(run):
    folder, options = run
    animator, _ = load_animator(options.checkpoint)
    scores = results(folder / "out")["methods"][MODEL]["videos"]
    for name, driver in ((FIRST, SECOND), (SECOND, FIRST)):
        own, driving = (frames_of(folder, each).astype(np.float32) / 255 for each in (name, driver))
        encoded = animator.encode_source(own[:1])
        made = animator.animate(encoded, driving[1:])[keys.FRAME].numpy()
        expected = np.abs(made - own[1:]).mean()
        assert scores[name][L1]["value"] == pytest.approx(expected, abs=1e-3)
        assert scores[name][L1]["weight"] == 3
        shown = read_frames(probe_clip(folder / "out" / "videos" / name), range(3)) / 255
        np.testing.assert_allclose(shown, made, atol=0.02)


def test_yardsticks_stand_beside_it(run):
    folder, _ = run
    methods = results(folder / "out")["methods"]
    frames = frames_of(folder, FIRST).astype(float)
    truth = read_clip_truth(probe_clip(folder / "data" / "test" / FIRST))
    copied = methods[COPY]["videos"][FIRST]
    assert copied[L1]["value"] == pytest.approx(np.abs(frames[1:] - frames[:1]).mean() / 255)
    known = methods[COPY_TRUTH]["videos"][FIRST]
    both = truth.visible[1:] & truth.visible[:1]
    apart = np.linalg.norm(truth.points[1:] - truth.points[:1], axis=-1) * 256 / SIZE
    expected = np.mean([d[b].mean() for d, b in zip(apart, both)])
    assert known[AKD]["value"] == pytest.approx(expected, rel=1e-5)
    masks = truth.masks
    overlap = [(m & masks[0]).sum() / (m | masks[0]).sum() for m in masks[1:]]
    assert known[IOU]["value"] == pytest.approx(np.mean(overlap))
    # The segmenter finds a puppet nearly where it is, and an untrained model's frames elsewhere.
    assert methods[TRUE_FRAMES]["mean"][IOU]["value"] > 0.6
    assert methods[MODEL]["mean"][IOU]["value"] < methods[TRUE_FRAMES]["mean"][IOU]["value"]


def test_a_sheet_shows_both_and_the_aim(run):
    folder, _ = run
    sheet = cv2.imread(str(folder / "out" / "sheets" / f"{FIRST}.png"))[..., ::-1]
    # Three rows under a line of labels, cells of 128 pixels with gaps of 4.
    assert sheet.shape == (22 + 3 * 132, 4 * 132 - 4, 3)
    for column, name, first in ((0, FIRST, 0), (1, SECOND, None), (3, FIRST, None)):
        frames = frames_of(folder, name)
        for row in range(3):
            cell = sheet[22 + row * 132 :, column * 132 :][:128, :128]
            shown = frames[first if first is not None else row + 1]
            np.testing.assert_array_equal(cell[2::4, 2::4], shown)


def test_the_table_has_no_published_rows(run, capsys):
    folder, options = run
    main(options.replace(dataset="vox", output=str(folder / "again")), PUPPETS)
    printed = capsys.readouterr().out
    assert "published" not in printed
    assert "IOU ↑" in printed
    assert "improvement over the copy of the source: L1" in printed
    rows = (folder / "again" / "results.csv").read_text().splitlines()
    assert rows[0] == "method,video,l1,ssim,akd,mkr,iou,aed,csim"
    assert len(rows) == 1 + 4 * 3


def test_without_partners_it_says_what_is_needed(tmp_path):
    write_test_clips(tmp_path / "data" / "test")
    write_checkpoint(tmp_path / "weights.npz", tmp_path / "data")
    options = ReconstructOptions(
        checkpoint=str(tmp_path / "weights.npz"), pairs="across", output=str(tmp_path / "out")
    )
    with pytest.raises(ValueError, match="--pairs=across needs clips of the same motion"):
        main(options, PUPPETS)
    assert not (tmp_path / "out").exists()


def test_without_ground_truth_masks_are_not_measured(run, tmp_path, capsys):
    folder, options = run
    shutil.copytree(folder / "data", tmp_path / "data", ignore=shutil.ignore_patterns("*.npz"))
    places = {"data_dir": str(tmp_path / "data"), "output": str(tmp_path / "out")}
    main(options.replace(**places, clips=1), PUPPETS)
    assert f"IOU not measured: {NO_TRUTH}" in capsys.readouterr().out
    assert set(results(tmp_path / "out")["methods"]) == {MODEL, COPY}


def test_masks_overlap():
    one = np.zeros((3, 4, 4), bool)
    other = one.copy()
    one[0, :2], other[0, 1:3], other[1, 0, 0] = True, True, True
    np.testing.assert_allclose(mask_overlap(one, other), [1 / 3, 0, np.nan])


def test_what_differs_from_the_scene_is_the_subject():
    clip = make_clip(0, 4, size=64, frames=8, fps=4)
    masks = clip.masks > 0
    segment = SceneDifference().for_clip(clip.frames, masks)
    assert mask_overlap(masks, segment(clip.frames)).mean() > 0.75
    assert segment(clip.background[None]).mean() < 0.03
    # A subject that is nowhere else is seen on the empty scene, too.
    empty = np.repeat(clip.background[None], 3, 0)
    assert not SceneDifference().for_clip(empty, np.zeros((3, 64, 64), bool))(empty).any()


def test_mediapipe_finds_people():
    pytest.importorskip("mediapipe")
    empty = np.full((2, 64, 64, 3), 200, np.uint8)
    segment = MediaPipePerson().for_clip(empty, np.zeros((2, 64, 64), bool))
    found = segment(empty)
    assert found.shape == (2, 64, 64)
    assert found.dtype == bool
