import importlib.util
import shutil

import pytest

from maskanim_tf.models import load_animator
from maskanim_tf.models.checkpoint import write_weights
from maskanim_tf.models.presets import DEFAULT_PRESET, find_weights, preset_names, preset_path


def test_names_of_the_package_become_files_with_a_model_card():
    assert DEFAULT_PRESET in preset_names()
    for name in preset_names():
        assert find_weights(name) == str(preset_path(name))
        assert preset_path(name).with_suffix(".md").is_file()
    assert find_weights() == str(preset_path(DEFAULT_PRESET))


def test_paths_and_addresses_of_stores_stay_as_they_are(tmp_path):
    path = tmp_path / "best.npz"
    assert find_weights(path) == str(path)
    assert find_weights("s3://bucket/best.npz") == "s3://bucket/best.npz"


def test_an_address_on_the_hub_has_an_owner_and_a_name():
    with pytest.raises(ValueError, match=r"hf://owner is no address.*write hf://owner/name"):
        find_weights("hf://owner")


@pytest.mark.skipif(
    importlib.util.find_spec("huggingface_hub") is not None, reason="huggingface_hub is installed"
)
def test_the_package_of_the_hub_is_named_where_it_is_missing():
    with pytest.raises(ValueError, match=r"needs the package huggingface_hub.*maskanim\[hub\]"):
        find_weights("hf://owner/name")


@pytest.mark.parametrize("name", ["people128", "people256"])
def test_what_test_time_adds_holds_for_the_package_s_own_file_alone(name, tmp_path):
    animator, config = load_animator(name)
    assert animator.model == config.model
    assert (config.model.mirrored_masks, config.model.driver_share) == (True, 0.4)
    assert load_animator(preset_path(name))[1] == config
    copy = tmp_path / f"{name}.npz"
    shutil.copyfile(preset_path(name), copy)
    assert load_animator(copy)[1].model.driver_share == 0
    # A file that is written from now on keeps them.
    write_weights(copy, animator.networks, config)
    assert load_animator(copy)[1] == config
