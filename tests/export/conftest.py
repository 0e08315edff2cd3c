import pytest

from tests.animators import scrambled_animator, write_checkpoint
from tests.helpers import TINY_MODEL


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A weight file of tiny networks, with all that test time adds to the paper."""
    model = TINY_MODEL.replace(mirrored_masks=True, driver_share=0.4)
    return write_checkpoint(
        tmp_path_factory.mktemp("weights") / "tiny.npz", scrambled_animator(model)
    )
