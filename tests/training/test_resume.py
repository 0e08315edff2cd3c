import json
import logging
import os
import shutil
import signal

import numpy as np
import pytest

from maskanim_tf.interrupts import InterruptedRunError
from maskanim_tf.models import named_variables
from maskanim_tf.storage.files import temporary_name
from maskanim_tf.training.checkpoints import Checkpoints, State
from maskanim_tf.training.loop import TrainingLoop
from maskanim_tf.training.optimizers import optimizer_variables
from maskanim_tf.training.trainer import TERMS
from tests.helpers import TINY_MODEL, assert_same_weights
from tests.training.runs import (
    config,
    options,
    read_state,
    refining_from,
    rows_of,
    start,
    wait_for,
)


def test_unusable_run_directories_are_named(data_dir, finished, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint in .* to resume from"):
        TrainingLoop(config(data_dir), options(tmp_path / "a", resume=True))
    with pytest.raises(FileExistsError, match="holds a run already; go on with --resume"):
        TrainingLoop(config(data_dir), options(finished.folder))
    other = config(data_dir).replace(model=TINY_MODEL.replace(width=2.0))
    with pytest.raises(ValueError, match="networks of another configuration"):
        TrainingLoop(other, options(finished.folder, resume=True))
    kept = json.loads((finished.folder / "config.json").read_text())
    assert kept == json.loads(json.dumps(finished.loop.config.to_dict()))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        TrainingLoop(config(data_dir), options(tmp_path / "file" / "run"))


def test_a_run_goes_on_with_other_settings_of_test_time(data_dir, finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    other = config(data_dir).replace(model=TINY_MODEL.replace(driver_share=0.5))
    resumed = TrainingLoop(other, options(folder, resume=True))
    assert resumed.state == finished.loop.state
    assert json.loads((folder / "config.json").read_text())["model"]["driver_share"] == 0.5


def test_a_failed_save_keeps_the_last_checkpoint(finished, tmp_path, monkeypatch):
    checkpoints = Checkpoints(str(tmp_path), keep=2)
    checkpoints.save(finished.loop.trainer, State(2))

    def full_disk(*arguments, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("maskanim_tf.models.weights.np.savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(finished.loop.trainer, State(4))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000002.npz"]


def test_a_disk_without_room_is_known_before_the_first_step(data_dir, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OSError, match="has 0 MiB left, but its checkpoints need"):
        TrainingLoop(config(data_dir), options(tmp_path))


def assert_same_optimizers(loop, other):
    for term in TERMS:
        ours, theirs = (
            optimizer_variables(each.trainer.optimizers[term]) for each in (loop, other)
        )
        assert len(ours) == len(theirs)
        for one, same in zip(ours, theirs):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(same))


def test_checkpoints_hold_the_optimizers(finished, data_dir, tmp_path):
    fresh = TrainingLoop(config(data_dir), options(tmp_path))
    state = Checkpoints(str(finished.folder / "checkpoints")).restore(fresh.trainer)
    assert state.step == 6
    for term in TERMS:
        assert len(optimizer_variables(fresh.trainer.optimizers[term])) > 4
    assert_same_optimizers(finished.loop, fresh)


def test_float16_and_averages_are_resumed(data_dir, tmp_path):
    settings = config(data_dir, steps=2, precision="mixed_float16", average_decay=0.9)
    loop = TrainingLoop(settings, options(tmp_path))
    loop.run()
    resumed = TrainingLoop(settings, options(tmp_path, resume=True))
    assert_same_weights(loop.trainer.networks, resumed.trainer.networks)
    assert_same_weights(loop.trainer.averages, resumed.trainer.averages)
    assert np.any(
        loop.trainer.averages[0].get_weights()[0] != loop.trainer.networks[0].get_weights()[0]
    )
    assert_same_optimizers(loop, resumed)


def test_a_run_can_start_from_the_weights_of_another(data_dir, finished, tmp_path):
    weights = str(finished.folder / "checkpoints" / "step-00000006.npz")
    second = TrainingLoop(
        config(data_dir, average_decay=0.9), options(tmp_path, initial_weights=weights)
    )
    for networks in (second.trainer.networks, second.trainer.averages):
        assert_same_weights(finished.loop.trainer.networks, networks)
    assert second.state.step == 0


def test_a_run_can_start_from_some_networks_of_another(data_dir, finished, tmp_path, caplog):
    first = finished.loop
    weights = str(finished.folder / "checkpoints" / "step-00000006.npz")
    setting = config(data_dir)
    setting = setting.replace(model=setting.model.replace(mask_skips=True))
    generators = ("low_res_generator", "high_res_generator")
    chosen = options(tmp_path / "second", initial_weights=weights, initial_networks=generators)
    second = TrainingLoop(setting, chosen)
    assert_same_weights(first.trainer.networks[2:], second.trainer.networks[2:])
    with pytest.raises(ValueError, match="mask_generator"):
        TrainingLoop(setting, options(tmp_path / "third", initial_weights=weights))
    # Or from all that is the same in them.
    matching = options(tmp_path / "fourth", initial_weights=weights, initial_matching=True)
    with caplog.at_level(logging.WARNING):
        fourth = TrainingLoop(setting, matching)
    assert "mask_generator/final/kernel" in caplog.text
    assert "high_res_generator" not in caplog.text
    for key in ("final/bias", "hourglass/down_0/conv/kernel"):
        one, other = (
            named_variables(loop.trainer.networks.mask_generator)[key] for loop in (first, fourth)
        )
        np.testing.assert_array_equal(one, other)


def test_pairs_interrupted_and_resumed_are_the_same_run(paired_dir, tmp_path):
    # One graph in all three: the refiner learns from the first step on.
    setting = refining_from(0, config(paired_dir, steps=4, refined_share=0.5))
    setting = setting.replace(data=setting.data.replace(driver_identity="mixed"))
    TrainingLoop(setting, options(tmp_path / "whole")).run()
    first = setting.replace(training=setting.training.replace(max_steps=2))
    TrainingLoop(first, options(tmp_path / "parts")).run()
    TrainingLoop(setting, options(tmp_path / "parts", resume=True)).run()
    whole, parts = (rows_of(tmp_path / run)[-1] for run in ("whole", "parts"))
    for key, value in whole.items():
        assert float(parts[key]) == pytest.approx(float(value), rel=1e-3), key


def test_killed_and_resumed_is_the_same_run(data_dir, tmp_path):
    whole = start(data_dir, tmp_path / "whole")
    assert whole.wait() == 0, whole.communicate()
    killed = start(data_dir, tmp_path / "parts")
    wait_for(tmp_path / "parts" / "checkpoints" / "step-00000010.npz", killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    # What a kill in the midst of writing leaves.
    for name in ("history.csv", "checkpoints/step-00000015.npz", "panels/step-00000010.png"):
        half = tmp_path / "parts" / name
        half.parent.mkdir(exist_ok=True)
        half.with_name(temporary_name(half.name)).write_bytes(b"half")
    resumed = start(data_dir, tmp_path / "parts", "--resume")
    assert resumed.wait() == 0, resumed.communicate()
    assert not list((tmp_path / "parts").rglob(".*"))
    assert rows_of(tmp_path / "whole") == rows_of(tmp_path / "parts")
    one, other = (
        np.load(tmp_path / run / "checkpoints" / "step-00000040.npz") for run in ("whole", "parts")
    )
    for name in one.files:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture(params=["SIGTERM", "SIGINT"])
def handled_signal(request):
    """The name of a signal that is not ignored: shells ignore SIGINT in background commands."""
    number = getattr(signal, request.param)
    before = signal.signal(number, signal.default_int_handler)
    yield request.param
    signal.signal(number, before)


def test_a_signal_saves_and_leaves(data_dir, tmp_path, handled_signal):
    """The status and the line that a process ends with: `test_workers`."""
    number = getattr(signal, handled_signal)
    before = signal.getsignal(number)
    loop = TrainingLoop(config(data_dir, steps=2), options(tmp_path))
    batches = loop._batches

    def interrupted():
        for batch in batches():
            os.kill(os.getpid(), number)
            yield batch

    loop._batches = interrupted
    with pytest.raises(
        InterruptedRunError, match=f"stopped by {handled_signal}; saved .*--resume"
    ) as stopped:
        loop.run()
    assert stopped.value.status == 128 + number
    (saved,) = (tmp_path / "checkpoints").iterdir()
    assert saved.name == "step-00000001.npz"
    assert read_state(saved)["step"] == 1
    assert signal.getsignal(number) is before
