import json
import os
import shutil
import signal

import numpy as np
import pytest

from maskanim_tf.training.checkpoints import Checkpoints, State
from maskanim_tf.training.loop import TrainingLoop
from maskanim_tf.training.optimizers import optimizer_variables
from maskanim_tf.training.trainer import TERMS
from tests.helpers import TINY_MODEL
from tests.training.runs import config, options, read_state, rows_of, start, wait_for


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


def test_a_run_can_start_from_some_networks_of_another(data_dir, tmp_path):
    first = TrainingLoop(config(data_dir, steps=1), options(tmp_path / "first"))
    first.run()
    weights = str(tmp_path / "first" / "checkpoints" / "step-00000001.npz")
    setting = config(data_dir)
    setting = setting.replace(model=setting.model.replace(mask_skips=True))
    generators = ("low_res_generator", "high_res_generator")
    chosen = options(tmp_path / "second", initial_weights=weights, initial_networks=generators)
    second = TrainingLoop(setting, chosen)
    for name in generators:
        one, other = (getattr(t.trainer.networks, name).get_weights() for t in (first, second))
        for a, b in zip(one, other):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="mask_generator"):
        TrainingLoop(setting, options(tmp_path / "third", initial_weights=weights))


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
