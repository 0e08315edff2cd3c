import pytest

from tests.animators import write_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A weight file of tiny networks."""
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "tiny.npz")
