import numpy as np
import pytest

from maskanim_tf.ops.seeds import REFINED, drawn_share
from tests.helpers import sample_seeds


def test_samples_are_chosen_by_their_seeds():
    seeds = sample_seeds((8, 9), 400)
    chosen = drawn_share(seeds, REFINED, 0.3).numpy()
    assert chosen.mean() == pytest.approx(0.3, abs=0.07)
    np.testing.assert_array_equal(drawn_share(seeds[100:150], REFINED, 0.3), chosen[100:150])
    assert not drawn_share(seeds, REFINED, 0.0).numpy().any()
    assert drawn_share(seeds, REFINED, 1.0).numpy().all()
