"""Command-line flags, generated from configuration sections; the only user of `absl.flags`.

Every option of a section becomes one flag. The names of the outer sections are left out, those of
the networks stay: `--image_size`, `--vgg_weights`, `--mask_generator_blocks`. A flag that is not
given keeps its default, which for `Config` is that of `--variant` and `--dataset`.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from absl import flags

from maskanim_tf.config.section import Section, SectionT, allowed_values, leaves
from maskanim_tf.config.sections import Config
from maskanim_tf.config.variants import default_config

FlagsError = flags.Error

_DEFINE: dict[Any, Callable[..., Any]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple: flags.DEFINE_list,
}


def flag_name(path: tuple[str, ...]) -> str:
    """The flag of an option, from its path of section and option names."""
    return "_".join(path[1:] if len(path) > 1 else path)


def define_flags(section: type[Section], flag_values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines one flag for each option of a section."""
    for path, field, kind in leaves(section):
        choices, limits = field.metadata["choices"], allowed_values(field.metadata)
        help_text = f"{field.metadata['help']} (default: {field.default})"
        common: dict[str, Any] = {
            "name": flag_name(path),
            "default": None,
            "flag_values": flag_values,
        }
        if kind is str and choices:
            flags.DEFINE_enum(enum_values=list(choices), help=help_text, **common)
        else:
            define = _DEFINE[typing.get_origin(kind) or kind]
            define(help=f"{help_text}; {limits}" if limits else help_text, **common)


def read_flags(section: type[SectionT], flag_values: flags.FlagValues = flags.FLAGS) -> SectionT:
    """The section that the parsed flags ask for.

    Raises:
      ValueError: a value is outside its range; the message names the option and the range.
    """
    given = {
        path: _parsed(flag_values[flag_name(path)].value, kind, flag_name(path))
        for path, _, kind in leaves(section)
        if flag_values[flag_name(path)].value is not None
    }
    if section is Config:
        defaults: Any = default_config(
            given.get(("variant",), "paper"), given.get(("data", "dataset"), "custom")
        )
    else:
        defaults = section()
    return _with_changes(defaults, given)


def _parsed(value: Any, kind: Any, name: str) -> Any:
    if typing.get_origin(kind) is not tuple:
        return value
    element = typing.get_args(kind)[0]
    try:
        return tuple(element(item) for item in value)
    except ValueError as error:
        raise ValueError(
            f"--{name} is {','.join(value)!r}, but must be a list of {element.__name__}"
        ) from error


def _with_changes(section: Any, changes: dict[tuple[str, ...], Any]) -> Any:
    """A copy of a section with the options at the given paths changed."""
    inner: dict[str, dict[tuple[str, ...], Any]] = {}
    for path, value in changes.items():
        inner.setdefault(path[0], {})[path[1:]] = value
    return section.replace(
        **{
            name: _with_changes(getattr(section, name), below)
            if isinstance(getattr(section, name), Section)
            else below[()]
            for name, below in inner.items()
        }
    )
