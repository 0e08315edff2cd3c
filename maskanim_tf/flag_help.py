"""What `--help` of a command shows: its documentation, and every option with default and range."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

from maskanim_tf.config.section import Leaf, Section, allowed_values, leaves
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
    options = itertools.chain.from_iterable(map(leaves, sections))
    for heading, group in itertools.groupby(options, _heading):
        lines += ["", f"{heading}:"]
        for path, field, _, value, _ in group:
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


def _heading(leaf: Leaf) -> str:
    """The beginning of what the class that declares an option is documented by."""
    declares = next(
        each
        for each in reversed(type(leaf.section).__mro__)
        if leaf.path[-1] in vars(each).get("__annotations__", ())
    )
    about = (declares.__doc__ or "").partition("\n")[0]
    for end in (";", ".", ", besides", " ("):
        about = about.partition(end)[0]
    # Of sections inside of sections there may be several of one class.
    return f"{leaf.path[-2]}: {about}" if len(leaf.path) > 2 else about


def _entry(shown: str, what: str) -> list[str]:
    return [
        f"  {shown}",
        *textwrap.wrap(what, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6),
    ]
