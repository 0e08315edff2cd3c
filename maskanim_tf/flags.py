"""Command-line flags, generated from configuration sections; the only user of `absl.flags`.

Every option of a section becomes one flag. The names of the outer sections are left out, those of
the networks stay: `--image_size`, `--vgg_weights`, `--mask_generator_blocks`. A flag that is not
given keeps its default, which for `Config` is that of `--variant` and `--dataset`.
"""

from __future__ import annotations

import functools
import operator
import os
import re
import typing
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags

from maskanim_tf.config.section import Section, SectionT, leaves
from maskanim_tf.config.sections import Config
from maskanim_tf.config.variants import default_config
from maskanim_tf.storage.text import read_text

FlagsError = flags.Error

_DEFINE: dict[Any, Callable[..., Any]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple: flags.DEFINE_list,
}


FLAGFILE = "flagfile"
COMMENTS = ("#", "//")


def expand_flagfiles(arguments: Sequence[str], including: Sequence[str] = ()) -> list[str]:
    """A command line with the lines of its flag files in their place.

    As absl does it, but for three things: the files may be in any encoding of `read_text`, a flag
    file that is named in another one is looked for beside it first, then in the current folder, and
    one that includes itself is an error.

    Args:
      arguments: as the process got them; what follows a lone `--` stays as it is.
      including: paths of the flag files that the arguments come from.

    Raises:
      OSError, ValueError: a flag file cannot be read; the message names it.
    """
    expanded: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, path = _split(argument)
        if argument == "--":
            return [*expanded, argument, *rest]
        if name != FLAGFILE or not argument.startswith("-"):
            expanded.append(argument)
            continue
        file = _find_flagfile(path or next(rest, ""), including)
        lines = (line.strip() for line in read_text(file).splitlines())
        inner = [line for line in lines if line and not line.startswith(COMMENTS)]
        expanded += expand_flagfiles(inner, (*including, file))
    return expanded


def _split(argument: str) -> tuple[str, str]:
    """Name and value of a flag; a line of a flag file may have a space between them."""
    name, *value = re.split(r"[=\s]+", argument.lstrip("-"), maxsplit=1)
    return name, value[0].strip("\"'") if value else ""


def _find_flagfile(path: str, including: Sequence[str]) -> str:
    path = os.path.expanduser(path)
    beside = os.path.join(os.path.dirname(including[-1]), path) if including else path
    found = beside if os.path.isfile(beside) else path
    where = f", which {including[-1]} names" if including else ""
    if not os.path.isfile(found):
        raise FileNotFoundError(f"there is no flagfile {path!r}{where}")
    if os.path.realpath(found) in map(os.path.realpath, including):
        raise ValueError(f"the flagfile {found}{where} includes itself; take the line out")
    return found


def flag_name(path: tuple[str, ...]) -> str:
    """The flag of an option, from its path of section and option names."""
    return "_".join(path[1:] if len(path) > 1 else path)


def define_flags(section: type[Section], flag_values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines one flag for each option of a section."""
    for path, field, kind, *_ in leaves(section()):
        common: dict[str, Any] = {
            "name": flag_name(path),
            "default": None,
            "help": field.metadata["help"],
            "flag_values": flag_values,
        }
        choices = field.metadata["choices"]
        if kind is str and choices:
            flags.DEFINE_enum(enum_values=list(choices), **common)
        else:
            _DEFINE[typing.get_origin(kind) or kind](**common)


def parse_flags(arguments: Sequence[str]) -> None:
    """Gives the flags of the process their values. Raises FlagsError: an unknown or wrong one."""
    flags.FLAGS(list(arguments))


def read_flags(section: type[SectionT], flag_values: flags.FlagValues = flags.FLAGS) -> SectionT:
    """The section that the parsed flags ask for.

    Raises:
      ValueError: a value is outside its range; the message names the option and the range.
    """
    if section is Config:
        chosen = {name: flag_values[name].value for name in ("variant", "dataset")}
        defaults: Section = default_config(**{k: v for k, v in chosen.items() if v is not None})
    else:
        defaults = section()
    values = defaults.to_dict()
    for path, _, kind, *_ in leaves(defaults):
        given = flag_values[flag_name(path)].value
        if given is not None:
            inner = functools.reduce(operator.getitem, path[:-1], values)
            inner[path[-1]] = _parsed(given, kind, flag_name(path))
    return section.from_dict(values)


def _parsed(value: Any, kind: Any, name: str) -> Any:
    if kind is str:
        # Shells leave the ~ in --output=~/clip.mp4 to the program; nothing but paths begins so.
        return os.path.expanduser(value)
    if typing.get_origin(kind) is not tuple:
        return value
    element = typing.get_args(kind)[0]
    try:
        return tuple(element(item) for item in value)
    except ValueError as error:
        raise ValueError(
            f"--{name} is {','.join(value)!r}, but must be a list of {element.__name__}"
        ) from error
