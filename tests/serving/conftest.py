import os

import pytest

from maskanim_tf.export import saved_model
from maskanim_tf.export.saved_model import SavedModelOptions
from maskanim_tf.serving.api import has_api
from tests.animators import driven_animator, write_checkpoint
from tests.serving import toy_model
from tests.serving.servers import CALLERS, Address, running


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A weight file of tiny networks whose frames depend on the driver."""
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "tiny.npz", driven_animator())


@pytest.fixture(scope="session")
def exported(checkpoint, tmp_path_factory):
    """A folder of one version, 1."""
    output = tmp_path_factory.mktemp("models")
    saved_model.main(SavedModelOptions(checkpoint=checkpoint, output=str(output), warmup=has_api()))
    return output / "maskanim"


@pytest.fixture(scope="session")
def address(request):
    """A server under contract: the one that MASKANIM_SERVER_URL names, or a local one.

    MASKANIM_SERVER_GRPC is the same server's address for gRPC, MASKANIM_SERVER_MODEL its model.
    """
    url = os.environ.get("MASKANIM_SERVER_URL")
    if url:
        grpc = os.environ.get("MASKANIM_SERVER_GRPC", "")
        yield Address(url.rstrip("/"), grpc, os.environ.get("MASKANIM_SERVER_MODEL", "maskanim"))
        return
    with running(request.getfixturevalue("exported"), version_labels=("stable:1",)) as local:
        yield local


@pytest.fixture(scope="session")
def page(exported):
    """The address of a local server's page."""
    with running(exported) as address:
        yield address.rest


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """A local server of the toy model, without a page."""
    base_path = tmp_path_factory.mktemp("toy")
    toy_model.write_toy(base_path)
    label = f"stable:{toy_model.VERSION}"
    options = {"model_name": toy_model.NAME, "version_labels": (label,), "page_animations": 0}
    with running(base_path, **options) as address:
        yield address


@pytest.fixture(params=["rest", "grpc"])
def ask(request):
    """Asks a server over one of the protocols."""
    if request.param == "grpc":
        if not has_api():
            pytest.skip("needs tensorflow-serving-api")
        if os.environ.get("MASKANIM_SERVER_URL") and not os.environ.get("MASKANIM_SERVER_GRPC"):
            pytest.skip("needs the address of the server's gRPC in MASKANIM_SERVER_GRPC")
    return CALLERS[request.param]
