"""What `--help` of a command shows: its documentation, and every option with default and range."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from maskanim_tf.config.section import Section, allowed_values, leaves
from maskanim_tf.flags import flag_name

HELP = ("help", "helpfull", "helpshort", "h", "?")
WIDTH = 100
COMMON = (
    ("flagfile", "file with one option per line; later options override earlier ones"),
    ("verbosity", "1 shows the traceback of an error as well"),
)


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether a command line holds --help or one of its kin before a lone `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return any(a.startswith("-") and a.lstrip("-") in HELP for a in arguments[1:end])


def help_text(about: str, sections: Sequence[type[Section]]) -> str:
    """The text of `--help`.

    Args:
      about: documentation of the command.
      sections: whose options are its flags.
    """
    lines = [about.strip(), "", "Options:"]
    for section in sections:
        for path, field, kind in leaves(section):
            limits = allowed_values(field.metadata)
            default = field.default
            if isinstance(default, tuple):
                default = ",".join(map(str, default))
            facts = [f"default: {default}" if default not in ("", None) else "", limits]
            told = "; ".join(fact for fact in facts if fact)
            name = flag_name(path)
            shown = f"--[no]{name}" if kind is bool else f"--{name}"
            lines += _entry(shown, field.metadata["help"] + (f" ({told})" if told else ""))
    for name, what in COMMON:
        lines += _entry(f"--{name}", what)
    return "\n".join(lines)


def _entry(shown: str, what: str) -> list[str]:
    return [
        f"  {shown}",
        *textwrap.wrap(what, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6),
    ]
