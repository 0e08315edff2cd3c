import importlib.util
import sys
from pathlib import Path

import pytest

from maskanim_tf.console import COMMANDS, help_page, main
from tests.programs import run_module, run_python
from tests.test_imports import programs


def run(*arguments):
    return run_python("-m", "maskanim_tf.console", *arguments)


def test_every_command_is_a_program_and_on_the_page():
    for name, (module, what) in COMMANDS.items():
        spec = importlib.util.find_spec(module)
        if spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{module}.__main__")
        assert '__name__ == "__main__"' in Path(spec.origin).read_text(), name
        assert f"  {name} " in help_page()
        assert what in help_page()


def test_no_command_is_left_out():
    listed = {module for module, _ in COMMANDS.values()}
    assert {name.removesuffix(".__main__") for name in programs()} - listed == {
        "maskanim_tf.console"
    }


def test_a_command_gets_its_options_and_shows_its_help():
    done = run("client", "--help")
    assert done.returncode == 0
    assert "--server" in done.stdout
    assert "Animates a picture by a video on a server" in done.stdout
    done = run("client", "--server=ftp://x")
    assert done.returncode == 1
    assert "must begin with http://" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_without_a_command_all_are_listed(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["maskanim", *arguments])
    main()
    assert capsys.readouterr().out.strip() == help_page()


def test_an_unknown_command_is_named():
    done = run("fly")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no command 'fly'; maskanim --help" in done.stderr


def test_the_package_is_light_until_it_is_used():
    code = "import sys, maskanim_tf; print('tensorflow' in sys.modules, 'numpy' in sys.modules)"
    assert run_python("-c", code).stdout.split() == ["False", "False"]


def test_a_study_needs_its_second_word():
    done = run_module("maskanim_tf.console", "study", "tally", "--key=no/key.json", "--votes=no")
    assert done.returncode == 1
    assert "no/key.json" in done.stderr
    done = run_module("maskanim_tf.console", "study", "--pairs=x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "study needs one more word, make or tally" in done.stderr
