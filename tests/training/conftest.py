import contextlib
import dataclasses
import io
from pathlib import Path

import pytest

from maskanim_tf.training.loop import TrainingLoop
from tests.data.prepared import write_clips
from tests.training.runs import config, options


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder, {f"clip{i}": 4 for i in range(5)})
    return folder


@pytest.fixture(scope="session")
def paired_dir(tmp_path_factory):
    """Two motions on three identities for training, another on two others for testing."""
    folder = tmp_path_factory.mktemp("paired")
    write_clips(folder / "train", {f"{who}#motion{n}": 5 for who in "abc" for n in (1, 2)})
    write_clips(folder / "test", {f"{who}#motion3": 5 for who in "de"})
    return folder


@dataclasses.dataclass(frozen=True)
class Finished:
    """A run that has come to its end; not to be changed."""

    loop: TrainingLoop
    folder: Path
    printed: str


@pytest.fixture(scope="session")
def finished(data_dir, tmp_path_factory):
    """Six steps, two of them in each epoch; the learning rate falls after the first epoch."""
    folder, printed = tmp_path_factory.mktemp("finished"), io.StringIO()
    loop = TrainingLoop(config(data_dir, milestones=(1,), decay=0.1), options(folder))
    with contextlib.redirect_stdout(printed):
        loop.run()
    return Finished(loop, folder, printed.getvalue())
