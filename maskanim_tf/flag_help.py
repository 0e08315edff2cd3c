"""What `--help` of a command shows: its documentation, and every option with default and range."""

from __future__ import annotations

import dataclasses
import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from maskanim_tf.config.section import Section, allowed_values
from maskanim_tf.flags import flag_name

HELP = ("help", "helpfull", "helpshort", "h", "?")
WIDTH = 100
COMMON = (
    ("flagfile", "file with one option per line; later options override earlier ones"),
    ("verbosity", "1 shows the traceback of an error as well"),
)


def is_help(argument: str) -> bool:
    """Whether an argument is --help or one of its kin."""
    return argument.startswith("-") and argument.lstrip("-") in HELP


def help_text(about: str, sections: Sequence[Section]) -> str:
    """The text of `--help`, options grouped by what their sections are documented by.

    Args:
      about: documentation of the command.
      sections: the values that its options have where they are not given.
    """
    lines = [about.strip()]
    options = itertools.chain.from_iterable(map(_options, sections))
    for heading, group in itertools.groupby(options, key=lambda each: each[0]):
        lines += ["", f"{heading}:"]
        for _, path, field, value in group:
            given = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            facts = [f"default: {given}" if given else "", allowed_values(field.metadata)]
            told = "; ".join(fact for fact in facts if fact)
            name = flag_name(path)
            shown = f"--[no]{name}" if isinstance(value, bool) else f"--{name}"
            lines += _entry(shown, field.metadata["help"] + (f" ({told})" if told else ""))
    lines += ["", "Common to all commands:"]
    for name, what in COMMON:
        lines += _entry(f"--{name}", what)
    return "\n".join(lines)


def _options(
    section: Section, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], dataclasses.Field[Any], Any]]:
    """Every option below a section: its group's heading, its path, its field, its value."""
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, Section):
            yield from _options(value, (*path, field.name))
        else:
            yield _heading(section, path, field.name), (*path, field.name), field, value


def _heading(section: Section, path: tuple[str, ...], name: str) -> str:
    """The beginning of what the class that declares an option is documented by."""
    declares = next(
        each
        for each in reversed(type(section).__mro__)
        if name in vars(each).get("__annotations__", ())
    )
    about = (declares.__doc__ or "").partition("\n")[0]
    for end in (";", ".", ", besides", " ("):
        about = about.partition(end)[0]
    # Of sections inside of sections there may be several of one class.
    return f"{path[-1]}: {about}" if len(path) > 1 else about


def _entry(shown: str, what: str) -> list[str]:
    return [
        f"  {shown}",
        *textwrap.wrap(what, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6),
    ]
