import subprocess
import sys

import pytest
from absl import flags

from maskanim_tf.config import Config, default_config
from maskanim_tf.config.section import leaves
from maskanim_tf.flags import define_flags, flag_name, read_flags
from maskanim_tf.training.loop import RunOptions
from tests.helpers import REPOSITORY

PRESETS = sorted(path.name for path in (REPOSITORY / "flagfiles").glob("*.flags"))


def parse(*arguments):
    values = flags.FlagValues()
    define_flags(Config, values)
    define_flags(RunOptions, values)
    values(["program", *arguments])
    return read_flags(Config, values)


def test_every_option_has_a_flag_of_its_own():
    paths = [path for path, _, _ in leaves(Config)]
    assert len({flag_name(path) for path in paths}) == len(paths)


def test_no_flags_give_the_paper():
    assert parse() == Config() == default_config()


def test_given_flags_override_the_variant():
    config = parse(
        "--variant=release",
        "--dataset=taichi",
        "--batch_size=3",
        "--mask_refiner_blocks=4",
        "--vgg_layers=relu1_1,relu2_1",
        "--milestones=5,7",
        "--nomask_border",
    )
    expected = default_config("release", "taichi")
    assert config.training == expected.training.replace(batch_size=3, milestones=(5, 7))
    assert config.model.mask_refiner.blocks == 4
    assert config.model.mask_border is False
    assert config.loss.vgg_layers == ("relu1_1", "relu2_1")
    assert config.perturbation == expected.perturbation


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_parse(preset, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    config = parse(f"--flagfile=flagfiles/{preset}")
    size = int("".join(c for c in preset if c.isdigit()) or 64)
    assert config.model.image_size == size
    if size == 256:
        # Full width with the paper's settings: nothing but the data set differs from the defaults.
        expected = default_config("paper", preset[:-9])
        assert config == expected.replace(data=config.data)
        assert config.data == expected.data.replace(data_dir=config.data.data_dir)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--variant=papper", "value should be one of <paper|release>"),
        ("--batch_size=many", "batch_size"),
        ("--image_sise=64", "Unknown command line flag 'image_sise'. Did you mean: image_size"),
    ],
)
def test_unknown_flags_and_values_are_refused(argument, message):
    with pytest.raises(flags.Error, match=message.replace("|", r"\|")):
        parse(argument)


def test_values_out_of_range_name_option_and_range():
    with pytest.raises(ValueError, match="image_size is 100, but must be a multiple of 128"):
        parse("--image_size=100")
    with pytest.raises(ValueError, match="--milestones is '1,x', but must be a list of int"):
        parse("--milestones=1,x")


def test_a_command_ends_with_one_line_for_a_bad_value(tmp_path):
    for argument, message in (
        ("--image_size=100", "image_size is 100"),
        ("--variant=x", "value should be one of"),
        ("--flagfile=absent.flags", "absent.flags"),
    ):
        run = subprocess.run(
            [sys.executable, "-m", "maskanim_tf.demo", argument, f"--output={tmp_path}"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
        assert run.returncode != 0
        assert message in run.stderr
        assert "Traceback" not in run.stderr
