import numpy as np
import pytest

from maskanim_tf.animation import AnimationOptions, animate_video
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.models import Animator, build_networks
from maskanim_tf.models.checkpoint import write_weights
from tests.helpers import TINY_CONFIG, TINY_MODEL

# Channels that the networks take: three of a picture, then masks among others.
INPUTS = (5, 8)


@pytest.fixture(scope="session")
def networks():
    built = build_networks(TINY_MODEL)
    # Fresh networks hardly answer their masks; these do, so that every frame is another one.
    rng = np.random.default_rng(5)
    for network in built:
        for variable in network.trainable_variables:
            if len(variable.shape) == 4:
                kernel = rng.normal(0, 1.4 * np.prod(variable.shape[:3]) ** -0.5, variable.shape)
                if variable.shape[2] in INPUTS:
                    kernel[:, :, 3:] *= 10
                if variable.shape[3] == 3:
                    kernel *= 0.2  # Glaring colours would not survive H.264.
                variable.assign(kernel)
            elif "bias" in getattr(variable, "path", variable.name):
                variable.assign(np.zeros(variable.shape))
    return built


@pytest.fixture(scope="session")
def animator(networks):
    return Animator(TINY_MODEL, TINY_CONFIG.perturbation, networks)


@pytest.fixture(scope="session")
def generator(animator):
    return AnimatorGenerator(animator)


@pytest.fixture(scope="session")
def checkpoint(networks, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.npz"
    write_weights(path, networks, TINY_CONFIG)
    return path


@pytest.fixture
def animate(generator, tmp_path):
    """Animates into a file or folder of the test's own; returns it, and what is said of it."""

    def run(source, driving, name="out", **options):
        output, how = tmp_path / name, AnimationOptions(**options)
        return output, animate_video(generator, source, driving, output, how)

    return run
