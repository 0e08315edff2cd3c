import pytest

from tests.data.prepared import write_clips


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder, {f"clip{i}": 4 for i in range(5)})
    return folder


@pytest.fixture(scope="module")
def paired_dir(tmp_path_factory):
    """Two motions on three identities for training, another on two others for testing."""
    folder = tmp_path_factory.mktemp("paired")
    write_clips(folder / "train", {f"{who}#motion{n}": 5 for who in "abc" for n in (1, 2)})
    write_clips(folder / "test", {f"{who}#motion3": 5 for who in "de"})
    return folder
