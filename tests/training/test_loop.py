import dataclasses
import shutil

import cv2
import numpy as np
import pytest

from maskanim_tf.data.dataset import make_dataset
from maskanim_tf.data.sources import Subset, open_clips
from maskanim_tf.keys import TEST
from maskanim_tf.models import Animator, build_networks, load_weights
from maskanim_tf.training.loop import TrainingLoop
from maskanim_tf.training.schedule import Schedule
from maskanim_tf.training.validation import Validation
from tests.helpers import TINY_MODEL
from tests.training.runs import config, options, read_state, refining_from, rows_of


def test_a_run_leaves_everything_a_person_needs(finished):
    folder, rows = finished.folder, rows_of(finished.folder)
    assert [int(row["step"]) for row in rows] == [2, 3, 4, 6]
    # An epoch is 4 clips, twice, in batches of 4: r learns from the third step on.
    assert [bool(row["mask"]) for row in rows] == [False, True, True, True]
    assert [bool(row["validation_l1"]) for row in rows] == [False, True, False, True]
    kept = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert kept == ["best.npz", "step-00000004.npz", "step-00000006.npz"]
    assert cv2.imread(str(folder / "losses.png")).shape[1] > 800
    panel = cv2.imread(str(folder / "panels" / "step-00000006.png"))
    assert panel.shape == (22 + 6 * 132 + 22, 8 * 132 - 4, 3)
    assert list((folder / "tensorboard").iterdir())
    assert f"everything is in {folder}" in finished.printed
    networks = build_networks(TINY_MODEL)
    load_weights(networks, folder / "checkpoints" / "step-00000006.npz")


def assert_best(folder, figure):
    """Its best checkpoint is of the lowest figure; frames from before r learns do not count."""
    refined = [row for row in rows_of(folder) if row["refinement_cost"]]
    best = min(refined, key=lambda row: float(row[figure]))
    state = read_state(folder / "checkpoints" / "best.npz")
    assert state["step"] == int(best["step"])
    assert state["best_l1"] == pytest.approx(float(best[figure]))


def test_a_run_across_identities_is_validated_across(paired_dir, tmp_path, capsys):
    setting = config(paired_dir, steps=9, refined_share=0.5)
    setting = setting.replace(data=setting.data.replace(driver_identity="other", repeats=3))
    TrainingLoop(setting, options(tmp_path)).run()
    scored = [row for row in rows_of(tmp_path) if row["validation_l1"]]
    assert all(float(row["across_l1"]) != float(row["validation_l1"]) for row in scored)
    assert_best(tmp_path, "across_l1")
    assert "driven by another identity 0." in capsys.readouterr().err
    panel = cv2.imread(str(tmp_path / "panels" / "step-00000009.png"))
    assert panel.shape == (22 + 6 * 132 + 22, 9 * 132 - 4, 3)


def test_validation_compares_with_the_same_frames(paired_dir):
    setting = config(paired_dir)
    clips = open_clips(setting, TEST)
    networks = build_networks(TINY_MODEL)
    scores = Validation(setting, networks, clips).scores(refined=True)
    errors = []
    for batch in make_dataset(
        setting.replace(data=setting.data.replace(driver_identity="other")), TEST
    ):
        animator = Animator(setting.model, setting.perturbation, networks)
        frame = animator({key: batch[key] for key in ("source", "driving")})["frame"]
        errors.append(np.abs(frame - batch["target"]).mean((1, 2, 3)))
    assert scores.across_l1 == pytest.approx(np.concatenate(errors).mean(), rel=1e-4)
    alone = Validation(setting, networks, Subset(clips, [0])).scores(refined=True)
    assert alone.across_l1 is None


def test_the_best_checkpoint_has_the_lowest_validation(finished):
    assert_best(finished.folder, "validation_l1")


def test_a_refiner_that_has_not_learned_is_never_the_best(data_dir, tmp_path):
    """An epoch has two steps; the refiner learns from step 5 on."""
    late = refining_from(2, config(data_dir))
    loop = TrainingLoop(late, options(tmp_path, validate_every=2))
    judged = []
    scores = loop.validation.scores

    def watched(refined):
        judged.append((loop.state.step, refined))
        found = scores(refined)
        # The driver's own mask would win.
        return found if refined else dataclasses.replace(found, l1=0.0)

    loop.validation.scores = watched
    loop.run()
    assert judged == [(2, False), (4, False), (6, True)]
    assert read_state(tmp_path / "checkpoints" / "best.npz")["step"] == 6


def test_the_history_names_the_rate_that_a_step_had(finished):
    rates = [float(row["learning_rate"]) for row in rows_of(finished.folder)]
    np.testing.assert_allclose(rates, [2e-4, 2e-5, 2e-5, 2e-5])


def test_learning_rate_falls_at_milestones(data_dir):
    schedule = Schedule(config(data_dir, milestones=(1, 2), decay=0.1), epoch_steps=2)
    rates = [schedule.learning_rate(step) for step in range(1, 7)]
    np.testing.assert_allclose(rates, [2e-4, 2e-4, 2e-5, 2e-5, 2e-6, 2e-6])


def test_a_loss_that_is_not_finite_stops_the_run(data_dir, finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    before = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    loop = TrainingLoop(config(data_dir, steps=9), options(tmp_path, resume=True))
    kernel = loop.trainer.networks.high_res_generator.final.kernel
    kernel.assign(np.full(kernel.shape, np.nan, np.float32))
    with pytest.raises(RuntimeError, match="the fine loss is nan at step 7; checkpoints"):
        loop.run()
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == before


def test_masks_that_carry_nothing_end_the_run(data_dir, tmp_path):
    setting = refining_from(9, config(data_dir, steps=20, learning_rate=1e-9))
    loop = TrainingLoop(setting, options(tmp_path, flat_mask_steps=4))
    kernel, bias = loop.trainer.networks.mask_generator.final.weights
    kernel.assign(0 * kernel)
    bias.assign([9.0])
    with pytest.raises(RuntimeError, match=r"masks have carried nothing for 4 steps.*100%.*docs"):
        loop.run()
    # Rows up to the end of patience are there to look at.
    assert [int(row["step"]) for row in rows_of(tmp_path)][-1] < 6
    assert float(rows_of(tmp_path)[0]["mask_contrast"]) < 0.01


def test_flat_masks_may_be_allowed(data_dir, tmp_path):
    setting = refining_from(9, config(data_dir, learning_rate=1e-9))
    loop = TrainingLoop(setting, options(tmp_path, flat_mask_steps=0))
    kernel, _ = loop.trainer.networks.mask_generator.final.weights
    kernel.assign(0 * kernel)
    loop.run()
    assert [float(row["mask_contrast"]) < 0.01 for row in rows_of(tmp_path)] == [True] * 4


def test_history_tells_how_masks_are_and_what_refinement_costs(finished):
    rows = rows_of(finished.folder)
    for name in ("contrast", "saturated", "change"):
        assert all(0 <= float(row[f"mask_{name}"]) <= 1 for row in rows)
    for name in ("polarity", "luminance"):
        assert all(-1 <= float(row[f"mask_{name}"]) <= 1 for row in rows)
    # r takes part from the third step on; validations are after the third and the last one.
    assert [bool(row["refinement_cost"]) for row in rows] == [False, True, False, True]
