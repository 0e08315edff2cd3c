"""Tests of synthetic people skip by name where the data of the body or OpenGL are missing."""

from __future__ import annotations

import pytest

pytest.importorskip("moderngl", reason="needs moderngl: pip install 'maskanim[people]'")

from maskanim_tf.people.body import load_body
from maskanim_tf.people.wheel import check_installed


@pytest.fixture(scope="session")
def body():
    try:
        check_installed()
    except RuntimeError as error:
        pytest.skip(str(error))
    return load_body()


@pytest.fixture(scope="session")
def opengl(body):
    """Tests that draw ask for this."""
    from maskanim_tf.people.renderer import Renderer

    try:
        Renderer(body, 64).release()
    except RuntimeError as error:
        pytest.skip(str(error))
