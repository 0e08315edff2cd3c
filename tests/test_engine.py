"""Engines of Beam: what is refused before any work begins. A real cluster: `test_dask`."""

import logging
import os
import re
import sys

import pytest

from maskanim_tf.engine import Engine, EngineOptions, split_command_line
from tests.helpers import REPOSITORY


@pytest.fixture
def beam():
    return pytest.importorskip("apache_beam", reason="needs the extra beam")


def test_jobs_run_in_this_process(beam, tmp_path):
    engine = Engine()
    assert engine.embedded
    engine.run(os.mkdir, [str(tmp_path / name) for name in "abc"])
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runer=FlinkRunner"], "--runer is no pipeline option of Apache Beam"),
        (["word"], "word is no pipeline option"),
        (["--runner=NoRunner"], r"--runner=NoRunner: Unexpected pipeline runner.*FlinkRunner"),
        (["--runner=maskanim_tf.NoRunner"], "no attribute 'NoRunner'"),
    ],
)
def test_wrong_options_are_named(beam, arguments, message):
    with pytest.raises(ValueError, match=message):
        Engine(arguments)


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(RuntimeError, match=r"maskanim\[beam\]"):
        Engine()


def test_missing_dask_is_named(beam, monkeypatch):
    for name in [each for each in sys.modules if each.startswith("apache_beam.runners.dask.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "dask.bag", None)
    with pytest.raises(RuntimeError, match=r"maskanim\[dask\]"):
        Engine(["--runner=DaskRunner"])


def test_the_runner_stands_before_the_lone_dashes():
    own, beam_options = split_command_line(["prepare", "--runner=A", "--", "--b=1", "--", "--c"])
    assert own == ["prepare", "--runner=A"]
    assert EngineOptions(runner="A").arguments(beam_options) == [
        *("--runner=A", "--b=1", "--", "--c")
    ]
    assert split_command_line(["prepare"]) == (["prepare"], [])
    assert EngineOptions().arguments([]) == []


def test_documented_commands_have_options_that_beam_knows(beam):
    from apache_beam.options.pipeline_options import PipelineOptions

    text = "\n".join((REPOSITORY / "docs" / name).read_text() for name in ("cluster.md",))
    commands = re.findall(r"^python -m .* --runner=(?:.|\\\n)*?[^\\]$", text, re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        words = command.replace("\\\n", " ").split()
        runner = next(word for word in words if word.startswith("--runner="))
        if runner == "--runner=DaskRunner":
            pytest.importorskip("apache_beam.runners.dask.dask_runner")
        _, own = split_command_line(words)
        options = PipelineOptions([runner, *own])
        known = options.get_all_options()
        assert set(options.get_all_options(retain_unknown_options=True)) == set(known), command


def test_importing_beam_keeps_the_logging_of_the_application(beam):
    before = logging.root.manager.disable
    try:
        for level in (logging.INFO, logging.CRITICAL, logging.NOTSET):
            logging.disable(level)
            Engine()
            assert logging.root.manager.disable == level
    finally:
        logging.disable(before)
