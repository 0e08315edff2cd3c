"""Text that people wrote with any editor, flag files and tables, and text for their messages."""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from pathlib import Path

# The longer mark first: that of UTF-32 begins like that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

NAMES_SHOWN = 5


def read_text(path: str | os.PathLike[str]) -> str:
    """The content of a text file, its lines ended by line feeds.

    Read are UTF-8, UTF-16 and UTF-32 with a byte-order mark, UTF-16 without one, and what is none
    of these as Windows-1252, the encoding of older programs.

    Raises:
      OSError: the file cannot be read.
      ValueError: it is no text; the message names it and the remedy.
    """
    content = Path(path).read_bytes()
    encoding, mark = next(((e, m) for m, e in MARKS if content.startswith(m)), ("", b""))
    for candidate in (encoding,) if encoding else _unmarked(content):
        try:
            text = content[len(mark) :].decode(candidate)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise ValueError(f"{path}: is no text, or in an unknown encoding; save it as UTF-8")


def first_names(names: Sequence[str]) -> str:
    """The first few of many names, for a message."""
    return ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")


def first_line(error: Exception) -> str:
    """The first line of what an error says; its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _unmarked(content: bytes) -> tuple[str, ...]:
    # Text of Latin letters in UTF-16 has a zero in every other byte.
    if content.count(0) > len(content) // 4:
        return ("utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be",)
    return ("utf-8", "cp1252")
