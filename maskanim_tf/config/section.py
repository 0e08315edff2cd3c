"""The base of every configuration section: declared ranges, checked at construction."""

from __future__ import annotations

import dataclasses
import operator
import typing
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

SectionT = TypeVar("SectionT", bound="Section")
# Bounds of an option: their names, words and meanings.
_BOUNDS = (
    ("minimum", "at least", operator.ge),
    ("above", "above", operator.gt),
    ("maximum", "at most", operator.le),
)


def option(
    default: Any,
    help_text: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    choices: Sequence[Any] | None = None,
) -> Any:
    """A dataclass field with its description and its allowed values.

    `minimum` and `maximum` are inclusive, `above` is exclusive. For a tuple field the bounds and
    choices hold for every element.
    """
    metadata = {
        "help": help_text,
        "minimum": minimum,
        "above": above,
        "maximum": maximum,
        "choices": None if choices is None else tuple(choices),
    }
    return dataclasses.field(default=default, metadata=metadata)


def allowed_values(metadata: typing.Mapping[str, Any]) -> str:
    """What an option allows, in words; empty where nothing is restricted."""
    if metadata["choices"] is not None:
        return "one of " + ", ".join(map(str, metadata["choices"]))
    return " and ".join(
        f"{words} {metadata[name]}" for name, words, _ in _BOUNDS if metadata[name] is not None
    )


@dataclasses.dataclass(frozen=True)
class Section:
    """A frozen group of options; construction raises ValueError for a value outside its range."""

    def __post_init__(self) -> None:
        types = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = _coerce(getattr(self, field.name), types[field.name], self._where(field.name))
            object.__setattr__(self, field.name, value)
            if field.metadata:
                elements = value if isinstance(value, tuple) else (value,)
                for element in elements:
                    self._check_range(field, element)

    def _where(self, name: str) -> str:
        return f"{type(self).__name__}.{name}"

    def _check_range(self, field: dataclasses.Field[Any], value: Any) -> None:
        limits = field.metadata
        inside = all(
            limits[name] is None or holds(value, limits[name]) for name, _, holds in _BOUNDS
        )
        if not inside or (limits["choices"] is not None and value not in limits["choices"]):
            raise ValueError(
                f"{self._where(field.name)} is {value!r}, but must be {allowed_values(limits)}"
            )

    def replace(self: SectionT, **changes: Any) -> SectionT:
        """A copy with some options changed, checked like any other."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls: type[SectionT], values: typing.Mapping[str, Any]) -> SectionT:
        """The inverse of `to_dict`. Raises ValueError for an unknown option."""
        types = typing.get_type_hints(cls)
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(
                f"{cls.__name__} has no option {unknown[0]!r}; it has {', '.join(sorted(known))}"
            )
        return cls(
            **{
                name: types[name].from_dict(value) if hasattr(types[name], "from_dict") else value
                for name, value in values.items()
            }
        )


class Leaf(NamedTuple):
    """One option: the names of the sections on the way to it and its own, and what it is."""

    path: tuple[str, ...]
    field: dataclasses.Field[Any]
    kind: Any
    value: Any
    section: Section


def leaves(section: Section, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every option below a section."""
    types = typing.get_type_hints(type(section))
    for field in dataclasses.fields(section):
        value, inner = getattr(section, field.name), (*path, field.name)
        if isinstance(value, Section):
            yield from leaves(value, inner)
        else:
            yield Leaf(inner, field, types[field.name], value, section)


def _coerce(value: Any, kind: Any, where: str) -> Any:
    """`value` as the annotated type; JSON's lists become tuples, whole numbers become floats."""
    if typing.get_origin(kind) is tuple:
        element = typing.get_args(kind)[0]
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{where} is {value!r}, but must be a list of {element.__name__}")
        return tuple(_coerce(item, element, where) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{where} is {value!r}, but must be of type {kind.__name__}")
    return value
