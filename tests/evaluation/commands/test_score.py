import csv
import re

import numpy as np
import pytest

from maskanim_tf.evaluation.commands.score import ScoreOptions, find_pairs, main, score_methods
from maskanim_tf.evaluation.detectors import DetectorOptions, open_detectors
from maskanim_tf.evaluation.methods import find_methods
from maskanim_tf.evaluation.metrics import AED, AKD, CSIM, L1, MKR, POSE, SSIM
from maskanim_tf.evaluation.scoring import Score, pool
from tests.evaluation.clips import (
    PUPPETS,
    SIZE,
    puppet_frames,
    results,
    write_frames,
    write_test_clips,
)
from tests.evaluation.model_files import mean_onnx
from tests.programs import run_module


def options_of(folders, *methods, **changes):
    """By default of all methods, compared with the test folder."""
    values = {"methods": methods or (str(folders / "methods"),), "data_dir": str(folders / "test")}
    return ScoreOptions(**{**values, "output": str(folders / "out"), **changes})


def score(options, detectors=PUPPETS):
    """The scores of every method, without the command around it."""
    pairs = find_pairs(options)
    methods = find_methods(options.methods, [pair.name for pair in pairs])
    opened = open_detectors(detectors)
    reconstruction = not options.pairs
    return score_methods(methods, pairs, opened, SIZE, reconstruction=reconstruction)


@pytest.fixture
def folders(tmp_path):
    """A test folder, and two methods: `same` is perfect, `late` lags by a frame."""
    write_test_clips(tmp_path / "test")
    for index in range(2):
        frames = puppet_frames(index)
        write_frames(tmp_path / "methods" / "same" / f"p{index}", frames)
        write_frames(tmp_path / "methods" / "late" / f"p{index}", frames[:-1])
    return tmp_path


def test_a_video_compared_with_itself_is_perfect(folders):
    scored = score(options_of(folders))
    assert sorted(scored) == ["late", "same"]
    for scores in scored["same"].values():
        assert scores[L1] == Score(0.0, 3.0)
        assert scores[SSIM].value == pytest.approx(1)
        assert scores[AKD].value == scores[MKR].value == 0
    # A video that is shorter by one begins at the second frame; so this one is a frame behind.
    for name, scores in scored["late"].items():
        frames = puppet_frames(int(name[1])).astype(float)
        expected = np.mean(np.abs(frames[1:] - frames[:-1])) / 255
        assert scores[L1].value == pytest.approx(expected)
        assert scores[SSIM].value < 1
        assert scores[AKD].value > 0


def test_the_command_writes_a_table_json_and_csv(folders, capsys):
    methods = (f"fomm={folders}/methods/late", f"mine={folders}/methods/same/{{name}}")
    main(options_of(folders, *methods), PUPPETS)
    printed = capsys.readouterr().out
    assert "AED, CSIM not measured: no embedding" in printed
    assert "mine over fomm: L1 +100.0 %" in printed
    content = results(folders / "out")
    assert content["methods"]["mine"]["mean"][L1] == {"value": 0.0, "weight": 6.0}
    assert set(content["not_measured"]) == {AED, CSIM}
    with open(folders / "out" / "results.csv") as file:
        rows = list(csv.DictReader(file))
    videos = ("p0", "p1", "mean")
    assert [(r["method"], r["video"]) for r in rows[:3]] == [("fomm", v) for v in videos]
    assert float(rows[2][L1]) == pytest.approx((float(rows[0][L1]) + float(rows[1][L1])) / 2)
    assert rows[2][CSIM] == ""


def test_published_rows_stand_beside(folders, capsys):
    options = options_of(folders, f"mine={folders}/methods/same", dataset="robonet")
    main(options, DetectorOptions(keypoints="none"))
    printed = capsys.readouterr().out
    assert re.search(r"FOMM, published +0.0270 +- ", printed)
    assert "AKD, MKR not measured: no key-point detector" in printed


def test_animation_compares_pose_with_the_driver_and_identity_with_the_source(folders):
    mean_onnx(folders / "color.onnx", size=SIZE)
    (folders / "pairs.csv").write_text("source,driving,name\np0,p1,pair\n")
    write_frames(folders / "copy" / "pair", puppet_frames(1))
    write_frames(folders / "still" / "pair", puppet_frames(0)[[0] * 4])
    detectors = DetectorOptions(
        keypoints="puppets", embedding=str(folders / "color.onnx"), embedding_size=SIZE
    )
    methods = f"copy={folders}/copy", f"still={folders}/still"
    scores = score(options_of(folders, *methods, pairs=str(folders / "pairs.csv")), detectors)
    copy, still = (scores[method]["pair"] for method in ("copy", "still"))
    assert copy[AKD].value == copy[POSE].value == copy[MKR].value == 0
    assert still[AKD].value > 1
    assert still[POSE].value > 0
    assert still[AED].value == pytest.approx(0, abs=1e-6)
    assert still[CSIM].value == pytest.approx(1)
    assert copy[AED].value > 0.01
    assert L1 not in copy


def test_mismatches_are_one_error(folders):
    write_frames(folders / "methods" / "late" / "p1", puppet_frames(1, 7))
    for picture in (folders / "methods" / "same" / "p0").iterdir():
        picture.unlink()
    with pytest.raises(ValueError, match="late: p1 has 7 frames for 4 of the driver") as error:
        main(options_of(folders), PUPPETS)
    assert "same lacks 1 of 2 videos (p0)" in str(error.value)
    assert "\n" not in str(error.value)


def test_partial_scores_what_every_method_has(folders, capsys):
    for picture in (folders / "methods" / "same" / "p0").iterdir():
        picture.unlink()
    options = options_of(folders, partial=True)
    main(options, PUPPETS)
    assert "1 videos at 32x32" in capsys.readouterr().out
    for picture in (folders / "methods" / "late" / "p1").iterdir():
        picture.unlink()
    with pytest.raises(ValueError, match="no pair of which every method has a video"):
        main(options, PUPPETS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ()}, "no method to score"),
        ({"methods": ("a={0}/methods/same", "a={0}/methods/late")}, "'a' is given twice"),
        ({"methods": ("a={0}/other",)}, "holds no video of 'a'"),
        ({"methods": ("{0}/methods/same/p0",)}, "holds no folders of methods"),
        ({"data_dir": ""}, "nothing to compare with"),
        ({"methods": ("a={0}/none",)}, "there is no folder"),
        ({"pairs": "{0}/none.csv"}, "there is no such table"),
        ({"pairs": "{0}/wrong.csv"}, "the header lacks 'source'; it must be source,driving"),
        ({"pairs": "{0}/empty.csv"}, "holds no pairs"),
        ({"pairs": "{0}/unknown.csv"}, "'p9' is neither a test clip nor a file"),
    ],
)
def test_wrong_requests_are_clear_errors(folders, changes, message):
    write_frames(folders / "other" / "q", puppet_frames(0))
    (folders / "wrong.csv").write_text("a,b\np0,p1\n")
    (folders / "empty.csv").write_text("source,driving\n")
    (folders / "unknown.csv").write_text("source,driving\np0,p9\n")
    changes = {"methods": ("a={0}/methods/same",), **changes}
    changes["methods"] = tuple(each.format(folders) for each in changes["methods"])
    changes |= {k: v.format(folders) for k, v in changes.items() if k != "methods"}
    with pytest.raises((ValueError, OSError), match=message):
        main(options_of(folders, **changes), PUPPETS)
    assert not (folders / "out").exists()


@pytest.mark.parametrize("command", ["score", "reconstruct", "ablation"])
def test_a_wrong_request_on_the_command_line_is_one_line(command):
    module = f"maskanim_tf.evaluation.commands.{command}"
    checkpoint = [] if command == "score" else ["--checkpoint=none.npz"]
    run = run_module(module, "--keypoints=puppets", *checkpoint)
    assert run.returncode == 1
    message = run.stderr.strip().splitlines()[-1]
    assert message.startswith("error: no")


def test_pooling_weighs_by_what_was_counted():
    parts = [{L1: Score(0.1, 3), AKD: Score(None, 0)}, {L1: Score(0.5, 1), AKD: Score(4.0, 2)}]
    assert pool(parts) == {L1: Score(pytest.approx(0.2), 4), AKD: Score(4.0, 2)}
    assert pool([{AKD: Score(None, 0)}]) == {AKD: Score(None, 0)}
