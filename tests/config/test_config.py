import json

import pytest
from absl.testing import parameterized

from maskanim_tf.config import (
    Config,
    HourglassConfig,
    LossConfig,
    ModelConfig,
    PerturbationConfig,
    TrainingConfig,
    default_config,
)
from maskanim_tf.storage.files import write_json


class ConfigTest(parameterized.TestCase):
    @parameterized.parameters(
        (ModelConfig, {"image_size": 8}, "image_size is 8, but must be at least 16"),
        (ModelConfig, {"image_size": 100}, "image_size is 100, but must be a multiple of 128"),
        (ModelConfig, {"mask_scale": 0.3}, "mask_scale is 0.3, but must be one of 0.25, 0.5, 1.0"),
        (ModelConfig, {"width": 0.0}, "width is 0.0, but must be above 0"),
        (ModelConfig, {"encoder_order": "x"}, "encoder_order is 'x', but must be one of relu_norm"),
        (ModelConfig, {"image_size": "256"}, "image_size is '256', but must be of type int"),
        (ModelConfig, {"mask_border": 1}, "mask_border is 1, but must be of type bool"),
        (HourglassConfig, {"blocks": 0}, "blocks is 0, but must be at least 1 and at most 8"),
        (LossConfig, {"vgg_layers": ("relu1_2",)}, "vgg_layers is 'relu1_2', but must be one of"),
        (LossConfig, {"vgg_layers": ()}, "vgg_layers is empty"),
        (LossConfig, {"vgg_width": 0.5}, "vgg_width is 0.5, but must be 1 with vgg_weights="),
        (TrainingConfig, {"milestones": (60, 0)}, "milestones is 0, but must be at least 1"),
        (TrainingConfig, {"milestones": 60}, "milestones is 60, but must be a list of int"),
        (PerturbationConfig, {"threshold": "mean"}, "threshold is 'mean'"),
        (Config, {"seed": True}, "seed is True, but must be of type int"),
        (Config, {"perturbation": PerturbationConfig(cut_low=0.5, cut_high=0.52)}, "strips is 6"),
    )
    def test_bad_value_is_named_with_its_range(self, section, values, message):
        with pytest.raises(ValueError, match="(?i)" + message.replace("(", r"\(")):
            section(**values)

    def test_pyramid_must_leave_enough_pixels_for_the_deepest_layer(self):
        model = ModelConfig(
            image_size=16,
            mask_scale=1.0,
            mask_generator=HourglassConfig(blocks=2),
            mask_refiner=HourglassConfig(blocks=2),
            high_res_generator=HourglassConfig(blocks=2),
        )
        with pytest.raises(ValueError, match="smallest image would be 1x1"):
            Config(model=model, loss=LossConfig(pyramid_levels=5))

    def test_sizes(self):
        model = ModelConfig()
        assert (model.mask_size, model.up_blocks) == (64, 2)
        small = ModelConfig(image_size=128, mask_scale=1.0)
        assert (small.mask_size, small.up_blocks) == (128, 0)
        assert ModelConfig(width=0.01).scaled(64) == 1

    @parameterized.parameters(("taichi", 20, 60, 5), ("vox", 16, 100, 3), ("robonet", 16, 100, 3))
    def test_release_follows_the_published_code(self, dataset, batch, level, layers):
        config = default_config("release", dataset)
        assert config.training.batch_size == batch
        assert config.perturbation.fixed_threshold == pytest.approx(level / 255)
        assert len(config.loss.vgg_layers) == layers
        assert config.loss.pyramid_levels == 4
        assert config.training.beta_2 == 0.999
        assert config.model.mask_border

    def test_unknown_variant_and_dataset(self):
        with pytest.raises(ValueError, match="variant is 'x', but must be one of paper, release"):
            default_config("x")
        with pytest.raises(ValueError, match="dataset is 'x'"):
            default_config("paper", "x")


@pytest.mark.parametrize("variant", ["paper", "release"])
def test_written_configuration_is_read_back(tmp_path, variant):
    config = default_config(variant, "taichi").replace(seed=7)
    path = tmp_path / "run" / "config.json"
    write_json(path, config.to_dict())
    assert Config.from_dict(json.loads(path.read_text())) == config
    assert [path] == list((tmp_path / "run").iterdir())


def test_unknown_options_are_refused():
    values = Config().to_dict()
    values["model"]["depth"] = 3
    with pytest.raises(ValueError, match="ModelConfig has no option 'depth'"):
        Config.from_dict(values)
