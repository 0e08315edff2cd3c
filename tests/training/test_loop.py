import contextlib
import csv
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from maskanim_tf.config import DataConfig, LossConfig, TrainingConfig
from maskanim_tf.data.dataset import make_dataset
from maskanim_tf.data.sources import Subset, open_clips
from maskanim_tf.keys import TEST
from maskanim_tf.models import Animator, build_networks, load_weights
from maskanim_tf.training.checkpoints import Checkpoints, State
from maskanim_tf.training.loop import RunOptions, TrainingLoop
from maskanim_tf.training.optimizers import optimizer_variables
from maskanim_tf.training.strategy import make_strategy
from maskanim_tf.training.trainer import TERMS
from maskanim_tf.training.validation import Validation
from tests.data.prepared import write_clips
from tests.helpers import REPOSITORY, TINY_CONFIG, TINY_MODEL

TINY_FLAGS = [
    *("--image_size=32", "--mask_scale=0.5", "--vgg_weights=random", "--vgg_width=0.05"),
    *("--pyramid_levels=2", "--batch_size=4", "--repeats=2", "--held_out=1", "--noprogress"),
    *("--low_res_generator_features=8", "--low_res_generator_residual_blocks=1"),
    *(
        f"--{network}_{option}"
        for network in ("mask_generator", "mask_refiner", "high_res_generator")
        for option in ("block_expansion=4", "max_features=8", "blocks=2")
    ),
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder, {f"clip{i}": 4 for i in range(5)})
    return folder


def config(data_dir, steps=6, **training):
    return TINY_CONFIG.replace(
        data=DataConfig(data_dir=str(data_dir), repeats=2, held_out=1, progress=False),
        training=TrainingConfig(batch_size=4, max_steps=steps, **training),
    )


def options(run_dir, **changes):
    values = {"log_every": 2, "validate_every": 3, "checkpoint_every": 2, "keep": 2}
    return RunOptions(run_dir=str(run_dir), **{**values, **changes})


def rows_of(run_dir):
    with open(run_dir / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def read_state(path):
    return json.loads(str(np.load(path)["state"]))


def test_a_run_leaves_everything_a_person_needs(data_dir, tmp_path, capsys):
    TrainingLoop(config(data_dir), options(tmp_path)).run()
    rows = rows_of(tmp_path)
    assert [int(row["step"]) for row in rows] == [2, 3, 4, 6]
    # An epoch is 4 clips, twice, in batches of 4: r learns from the third step on.
    assert [bool(row["mask"]) for row in rows] == [False, True, True, True]
    assert [bool(row["validation_l1"]) for row in rows] == [False, True, False, True]
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["best.npz", "step-00000004.npz", "step-00000006.npz"]
    assert cv2.imread(str(tmp_path / "losses.png")).shape[1] > 800
    panel = cv2.imread(str(tmp_path / "panels" / "step-00000006.png"))
    assert panel.shape == (22 + 6 * 132 + 22, 8 * 132 - 4, 3)
    assert list((tmp_path / "tensorboard").iterdir())
    assert f"everything is in {tmp_path}" in capsys.readouterr().out
    networks = build_networks(TINY_MODEL)
    load_weights(networks, tmp_path / "checkpoints" / "step-00000006.npz")


@pytest.fixture(scope="module")
def paired_dir(tmp_path_factory):
    """Two motions on three identities for training, another on two others for testing."""
    folder = tmp_path_factory.mktemp("paired")
    write_clips(folder / "train", {f"{who}#motion{n}": 5 for who in "abc" for n in (1, 2)})
    write_clips(folder / "test", {f"{who}#motion3": 5 for who in "de"})
    return folder


def test_a_run_across_identities_is_validated_across(paired_dir, tmp_path, capsys):
    setting = config(paired_dir, steps=9, refined_share=0.5)
    setting = setting.replace(data=setting.data.replace(driver_identity="other", repeats=3))
    TrainingLoop(setting, options(tmp_path)).run()
    scored = [row for row in rows_of(tmp_path) if row["validation_l1"]]
    assert all(float(row["across_l1"]) != float(row["validation_l1"]) for row in scored)
    # Frames from before r learns do not count.
    refined = [row for row in scored if row["refinement_cost"]]
    best = min(refined, key=lambda row: float(row["across_l1"]))
    state = read_state(tmp_path / "checkpoints" / "best.npz")
    assert state["step"] == int(best["step"])
    assert state["best_l1"] == pytest.approx(float(best["across_l1"]))
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


def test_the_best_checkpoint_has_the_lowest_validation(data_dir, tmp_path):
    TrainingLoop(config(data_dir, steps=9), options(tmp_path)).run()
    scored = [row for row in rows_of(tmp_path) if row["validation_l1"]]
    best = min(scored, key=lambda row: float(row["validation_l1"]))
    state = read_state(tmp_path / "checkpoints" / "best.npz")
    assert state["step"] == int(best["step"])
    assert state["best_l1"] == pytest.approx(float(best["validation_l1"]))


def test_a_refiner_that_has_not_learned_is_never_the_best(data_dir, tmp_path):
    """An epoch has two steps; the refiner learns from step 5 on."""
    late = config(data_dir, steps=6).replace(
        loss=LossConfig(
            vgg_weights="random", vgg_width=0.05, pyramid_levels=2, refiner_start_epoch=2
        )
    )
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


def test_the_history_names_the_rate_that_a_step_had(data_dir, tmp_path):
    setting = config(data_dir, steps=4, milestones=(1,), decay=0.1)
    TrainingLoop(setting, options(tmp_path, log_every=1)).run()
    rates = [float(row["learning_rate"]) for row in rows_of(tmp_path)]
    np.testing.assert_allclose(rates, [2e-4, 2e-4, 2e-5, 2e-5])


def test_learning_rate_falls_at_milestones(data_dir, tmp_path):
    setting = config(data_dir, steps=6, milestones=(1, 2), decay=0.1)
    loop = TrainingLoop(setting, options(tmp_path))
    rates = []
    for step in range(6):
        rates.append(loop.schedule.learning_rate(step + 1))
    np.testing.assert_allclose(rates, [2e-4, 2e-4, 2e-5, 2e-5, 2e-6, 2e-6])


def test_a_loss_that_is_not_finite_stops_the_run(data_dir, tmp_path):
    loop = TrainingLoop(config(data_dir), options(tmp_path))
    loop.run()
    before = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    setting = config(data_dir, steps=9).replace(
        loss=LossConfig(vgg_weights="random", vgg_width=0.05, pyramid_levels=2)
    )
    loop = TrainingLoop(setting, options(tmp_path, resume=True))
    kernel = loop.trainer.networks.high_res_generator.final.kernel
    kernel.assign(np.full(kernel.shape, np.nan, np.float32))
    with pytest.raises(RuntimeError, match="the fine loss is nan at step 7; checkpoints"):
        loop.run()
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == before


def test_unusable_run_directories_are_named(data_dir, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint in .* to resume from"):
        TrainingLoop(config(data_dir), options(tmp_path / "a", resume=True))
    TrainingLoop(config(data_dir, steps=2), options(tmp_path / "a")).run()
    with pytest.raises(FileExistsError, match="holds a run already; go on with --resume"):
        TrainingLoop(config(data_dir), options(tmp_path / "a"))
    other = config(data_dir).replace(model=TINY_MODEL.replace(width=2.0))
    with pytest.raises(ValueError, match="networks of another configuration"):
        TrainingLoop(other, options(tmp_path / "a", resume=True))
    kept = json.loads((tmp_path / "a" / "config.json").read_text())
    assert kept == json.loads(json.dumps(config(data_dir, steps=2).to_dict()))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        TrainingLoop(config(data_dir), options(tmp_path / "file" / "run"))


def test_a_failed_save_keeps_the_last_checkpoint(data_dir, tmp_path, monkeypatch):
    loop = TrainingLoop(config(data_dir, steps=2), options(tmp_path))
    loop.run()

    def full_disk(*arguments, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("maskanim_tf.models.weights.np.savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        loop.checkpoints.save(loop.trainer, State(4))
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["step-00000002.npz"]


def test_a_disk_without_room_is_known_before_the_first_step(data_dir, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OSError, match="has 0 MiB left, but its checkpoints need"):
        TrainingLoop(config(data_dir), options(tmp_path))


def test_checkpoints_hold_the_optimizers(data_dir, tmp_path):
    loop = TrainingLoop(config(data_dir), options(tmp_path))
    loop.run()
    fresh = TrainingLoop(config(data_dir), options(tmp_path / "other"))
    state = Checkpoints(str(tmp_path / "checkpoints")).restore(fresh.trainer)
    assert state.step == 6
    for term in TERMS:
        ours, theirs = (t.optimizers[term].variables for t in (loop.trainer, fresh.trainer))
        assert len(ours) == len(theirs) > 4
        for one, other in zip(ours, theirs):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_float16_and_averages_are_resumed(data_dir, tmp_path):
    settings = config(data_dir, steps=2, precision="mixed_float16", average_decay=0.9)
    loop = TrainingLoop(settings, options(tmp_path))
    loop.run()
    resumed = TrainingLoop(settings, options(tmp_path, resume=True))
    for part in ("networks", "averages"):
        for one, other in zip(getattr(loop.trainer, part), getattr(resumed.trainer, part)):
            for a, b in zip(one.get_weights(), other.get_weights()):
                np.testing.assert_array_equal(a, b)
    assert np.any(
        loop.trainer.averages[0].get_weights()[0] != loop.trainer.networks[0].get_weights()[0]
    )
    for term in TERMS:
        ours, theirs = (
            [np.asarray(v) for v in optimizer_variables(t.optimizers[term])]
            for t in (loop.trainer, resumed.trainer)
        )
        for a, b in zip(ours, theirs):
            np.testing.assert_array_equal(a, b)


def test_a_run_can_start_from_the_weights_of_another(data_dir, tmp_path):
    first = TrainingLoop(config(data_dir, steps=2), options(tmp_path / "first"))
    first.run()
    weights = str(tmp_path / "first" / "checkpoints" / "step-00000002.npz")
    second = TrainingLoop(
        config(data_dir, average_decay=0.9), options(tmp_path / "second", initial_weights=weights)
    )
    for networks in (second.trainer.networks, second.trainer.averages):
        for one, other in zip(first.trainer.networks, networks):
            for a, b in zip(one.get_weights(), other.get_weights()):
                np.testing.assert_array_equal(a, b)
    assert second.state.step == 0


def test_pairs_interrupted_and_resumed_are_the_same_run(paired_dir, tmp_path):
    setting = config(paired_dir, steps=6, refined_share=0.5)
    setting = setting.replace(data=setting.data.replace(driver_identity="mixed"))
    TrainingLoop(setting, options(tmp_path / "whole")).run()
    first = setting.replace(training=setting.training.replace(max_steps=2))
    TrainingLoop(first, options(tmp_path / "parts")).run()
    TrainingLoop(setting, options(tmp_path / "parts", resume=True)).run()
    whole, parts = (rows_of(tmp_path / run)[-1] for run in ("whole", "parts"))
    for key, value in whole.items():
        assert float(parts[key]) == pytest.approx(float(value), rel=1e-3), key


def start(data_dir, run_dir, *arguments, environment=None):
    command = [
        *(sys.executable, "train_main.py", *TINY_FLAGS, f"--data_dir={data_dir}"),
        *(f"--run_dir={run_dir}", "--max_steps=60", "--checkpoint_every=10", "--log_every=5"),
        *("--validate_every=20", "--bit_exact", *arguments),
    ]
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def wait_for(path, *processes):
    end = time.monotonic() + 240
    while not path.exists():
        if time.monotonic() > end or any(process.poll() is not None for process in processes):
            for process in processes:
                process.kill()
            raise AssertionError((f"{path} did not appear", [p.communicate() for p in processes]))
        time.sleep(0.1)


def test_killed_and_resumed_is_the_same_run(data_dir, tmp_path):
    whole = start(data_dir, tmp_path / "whole")
    assert whole.wait() == 0, whole.communicate()
    killed = start(data_dir, tmp_path / "parts")
    wait_for(tmp_path / "parts" / "checkpoints" / "step-00000030.npz", killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    resumed = start(data_dir, tmp_path / "parts", "--resume")
    assert resumed.wait() == 0, resumed.communicate()
    assert rows_of(tmp_path / "whole") == rows_of(tmp_path / "parts")
    one, other = (
        np.load(tmp_path / run / "checkpoints" / "step-00000060.npz") for run in ("whole", "parts")
    )
    for name in one.files:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_saves_and_leaves(data_dir, tmp_path, name):
    run = start(data_dir, tmp_path, "--max_steps=100000", "--epochs=100000")
    wait_for(tmp_path / "checkpoints" / "step-00000010.npz", run)
    os.kill(run.pid, getattr(signal, name))
    _, stderr = run.communicate()
    assert run.returncode == 128 + getattr(signal, name)
    assert f"stopped by {name}; saved" in stderr
    assert "go on with --resume" in stderr.splitlines()[-1]
    saved = sorted((tmp_path / "checkpoints").glob("step-*"))[-1]
    assert int(saved.stem[5:]) > 10
    assert read_state(saved)["step"] == int(saved.stem[5:])


def start_workers(data_dir, run_dir, *arguments):
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    return [
        start(
            *(data_dir, run_dir, "--strategy=multiworker", *arguments),
            environment={
                "TF_CONFIG": json.dumps(
                    {
                        "cluster": {"worker": addresses},
                        "task": {"type": "worker", "index": index},
                    }
                )
            },
        )
        for index in range(2)
    ]


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def test_two_workers_train_like_one(data_dir, tmp_path):
    arguments = ("--max_steps=4", "--log_every=1", "--validate_every=4")
    runs = [
        *start_workers(data_dir, tmp_path / "two", *arguments),
        start(data_dir, tmp_path / "one", *arguments),
    ]
    chief, other, _ = outputs = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], outputs
    assert "everything is in" in chief[0]
    assert other[0] == ""
    for row, expected in zip(rows_of(tmp_path / "two"), rows_of(tmp_path / "one")):
        assert row["step"] == expected["step"]
        for term in TERMS:
            if expected[term]:
                # Adam turns the rounding of gradients that are zero into steps.
                assert float(row[term]) == pytest.approx(float(expected[term]), rel=0.02)
    saved = np.load(tmp_path / "two" / "checkpoints" / "step-00000004.npz")
    assert json.loads(str(saved["state"]))["step"] == 4


def test_one_worker_that_is_stopped_stops_all(data_dir, tmp_path):
    arguments = ("--max_steps=100000", "--epochs=100000", "--validate_every=100000")
    chief, other = start_workers(data_dir, tmp_path, *arguments)
    wait_for(tmp_path / "checkpoints" / "step-00000010.npz", chief, other)
    other.send_signal(signal.SIGTERM)
    errors = [run.communicate(timeout=120)[1] for run in (chief, other)]
    assert [run.returncode for run in (chief, other)] == [143, 143]
    assert "another worker was asked to stop; saved" in errors[0]
    assert "stopped by SIGTERM; the chief worker saves a checkpoint" in errors[1]


@pytest.mark.parametrize(
    "cluster", ["", "{", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}']
)
def test_a_missing_or_wrong_cluster_is_named(cluster, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", cluster)
    with pytest.raises(ValueError, match="strategy is 'multiworker', but TF_CONFIG is"):
        make_strategy("multiworker")


def test_masks_that_carry_nothing_end_the_run(data_dir, tmp_path):
    loop = TrainingLoop(
        config(data_dir, steps=20, learning_rate=1e-9), options(tmp_path, flat_mask_steps=4)
    )
    kernel, bias = loop.trainer.networks.mask_generator.final.weights
    kernel.assign(0 * kernel)
    bias.assign([9.0])
    with pytest.raises(RuntimeError, match=r"masks have carried nothing for 4 steps.*100%.*docs"):
        loop.run()
    # Rows up to the end of patience are there to look at.
    assert [int(row["step"]) for row in rows_of(tmp_path)][-1] < 6
    assert float(rows_of(tmp_path)[0]["mask_contrast"]) < 0.01


def test_flat_masks_may_be_allowed(data_dir, tmp_path):
    loop = TrainingLoop(
        config(data_dir, steps=6, learning_rate=1e-9), options(tmp_path, flat_mask_steps=0)
    )
    kernel, _ = loop.trainer.networks.mask_generator.final.weights
    kernel.assign(0 * kernel)
    loop.run()
    assert [float(row["mask_contrast"]) < 0.01 for row in rows_of(tmp_path)] == [True] * 4


def test_history_tells_how_masks_are_and_what_refinement_costs(data_dir, tmp_path):
    TrainingLoop(config(data_dir), options(tmp_path)).run()
    rows = rows_of(tmp_path)
    for name in ("contrast", "saturated", "change"):
        assert all(0 <= float(row[f"mask_{name}"]) <= 1 for row in rows)
    for name in ("polarity", "luminance"):
        assert all(-1 <= float(row[f"mask_{name}"]) <= 1 for row in rows)
    # r takes part from the third step on; validations are after the third and the last one.
    assert [bool(row["refinement_cost"]) for row in rows] == [False, True, False, True]
