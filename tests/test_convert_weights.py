import json
import os

import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.convert_weights import CompactOptions, main
from maskanim_tf.models import build_networks, load_animator
from maskanim_tf.models.weights import weight_arrays, write_arrays
from tests.helpers import TINY_CONFIG, random_frames


def test_half_the_size_and_nearly_the_same_frames(tmp_path, capsys):
    full, small = tmp_path / "step-00000001.npz", tmp_path / "new" / "small.npz"
    arrays = weight_arrays(build_networks(TINY_CONFIG.model))
    stored = np.array(json.dumps(TINY_CONFIG.to_dict()))
    # A checkpoint also holds what the optimizers remember.
    ballast = {f"optimizers/fine/{key}": value for key, value in arrays.items()}
    write_arrays(full, {**arrays, **ballast, "config": stored})
    main(CompactOptions(checkpoint=str(full), output=str(small)))
    assert "small.npz: " in capsys.readouterr().out
    assert os.path.getsize(small) < 0.6 * os.path.getsize(full)
    assert not any(key.startswith("optimizers") for key in np.load(small).files)
    inputs = {keys.SOURCE: random_frames(1), keys.DRIVING: random_frames(1, seed=1)}
    (before, _), (after, config) = load_animator(full), load_animator(small)
    assert config == TINY_CONFIG
    np.testing.assert_allclose(
        after.encode_source(inputs[keys.SOURCE])[keys.SOURCE_MASK],
        before.encode_source(inputs[keys.SOURCE])[keys.SOURCE_MASK],
        atol=2e-3,
    )


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"needs --checkpoint=FILE and --output=FILE\.npz"):
        main(CompactOptions(checkpoint="weights.npz"))
