import pytest
from absl import flags

from maskanim_tf.animate import AnimateOptions
from maskanim_tf.config import Config, default_config
from maskanim_tf.config.section import leaves
from maskanim_tf.config.sections import DATASETS
from maskanim_tf.flag_help import help_text
from maskanim_tf.flags import define_flags, expand_flagfiles, flag_name, read_flags
from maskanim_tf.training.run_options import RunOptions
from tests.helpers import REPOSITORY
from tests.programs import run_module

PRESETS = sorted(path.name for path in (REPOSITORY / "flagfiles").glob("*.flags"))


def parse(*arguments):
    values = flags.FlagValues()
    define_flags(Config, values)
    define_flags(RunOptions, values)
    values(expand_flagfiles(["program", *arguments]))
    return read_flags(Config, values)


def test_every_option_has_a_flag_of_its_own():
    paths = [leaf.path for leaf in leaves(Config())]
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
def test_presets_parse_from_any_folder(preset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = parse(f"--flagfile={REPOSITORY / 'flagfiles' / preset}")
    size = int("".join(c for c in preset if c.isdigit()) or 64)
    assert config.model.image_size == size
    if preset[:-9] in DATASETS:
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
        run = run_module("maskanim_tf.train", argument, f"--run_dir={tmp_path}")
        assert run.returncode != 0
        assert message in run.stderr
        assert "Traceback" not in run.stderr


def flagfile(path, text, encoding="utf-8"):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return f"--flagfile={path}"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_flagfiles_of_any_editor(tmp_path, encoding):
    argument = flagfile(tmp_path / "a.flags", "# größer\r\n--batch_size=3\r\n", encoding)
    assert parse(argument).training.batch_size == 3


def test_flagfiles_include_what_lies_beside_them_or_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flagfile(tmp_path / "inner.flags", "--batch_size=3\n--epochs=3")
    flagfile(tmp_path / "presets" / "beside.flags", "--flagfile inner.flags\n--epochs=4")
    assert parse("--flagfile=presets/beside.flags").training.epochs == 4
    flagfile(tmp_path / "presets" / "inner.flags", "--batch_size=5")
    config = parse("--flagfile", "presets/beside.flags", "--epochs=6")
    assert (config.training.batch_size, config.training.epochs) == (5, 6)
    assert expand_flagfiles(["program", "--", "--flagfile=absent"])[1:] == [
        "--",
        "--flagfile=absent",
    ]


def test_wrong_flagfiles_are_named(tmp_path):
    argument = flagfile(tmp_path / "a.flags", "--flagfile=b.flags")
    with pytest.raises(FileNotFoundError, match=r"no flagfile 'b\.flags', which .*a\.flags names"):
        parse(argument)
    flagfile(tmp_path / "b.flags", "--flagfile=a.flags")
    with pytest.raises(ValueError, match="includes itself"):
        parse(argument)
    (tmp_path / "a.flags").write_bytes(b"\x89PNG\0")
    with pytest.raises(ValueError, match=r"a\.flags: is no text"):
        parse(argument)


def test_a_leading_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("--data_dir=~/videos").data.data_dir == str(tmp_path / "videos")
    assert parse("--data_dir=a/~/b").data.data_dir == "a/~/b"


def test_help_groups_the_options_and_tells_their_defaults():
    shown = help_text("About it.", [Config(), AnimateOptions()])
    assert shown.startswith(
        "About it.\n\nEverything that decides the result of a run:\n  --variant"
    )
    assert "\n\nTrained networks, and what they compute in:\n  --checkpoint\n" in shown
    groups = shown.split("\n\n")
    (generator,) = (group for group in groups if group.startswith("mask_generator: "))
    # The default of this network, not that of its class.
    assert "block_expansion\n      channels after the last decoder block (default: 32;" in generator
    (base,) = (group for group in groups if group.startswith("What is animated:"))
    assert "--driving" in base
    assert "--checkpoint" not in base
    for leaf in leaves(Config()):
        assert f"--{flag_name(leaf.path)}\n" in shown.replace("--[no]", "--")
        assert leaf.field.metadata["help"][:30] in shown


def test_help_of_a_preset_tells_its_values():
    preset = f"--flagfile={REPOSITORY}/flagfiles/small64.flags"
    run = run_module("maskanim_tf.train", preset, "--help", "--seed=3")
    assert (run.returncode, run.stderr) == (0, "")
    assert "height and width of a frame in pixels (default: 64;" in run.stdout
    assert "seed of every random choice (default: 3;" in run.stdout
    assert "python train_main.py" in run.stdout
