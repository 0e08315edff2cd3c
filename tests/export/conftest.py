import pytest

from tests.animators import driven_animator, write_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A weight file of tiny networks whose frames depend on the driver."""
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "tiny.npz", driven_animator())
