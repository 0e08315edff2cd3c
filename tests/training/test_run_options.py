import pytest

from maskanim_tf.config import TrainingConfig
from maskanim_tf.training.run_options import RunOptions


def test_clocks_of_several_machines_differ():
    with pytest.raises(ValueError, match="minutes is for one machine"):
        RunOptions(strategy="multiworker", minutes=1.0)


def test_a_batch_is_shared_out_evenly():
    RunOptions().check(TrainingConfig(batch_size=12, accumulate=3), replicas=2)
    with pytest.raises(ValueError, match="batch_size is 16, but must be a multiple of 2 replicas"):
        RunOptions().check(TrainingConfig(batch_size=16, accumulate=3), replicas=2)
