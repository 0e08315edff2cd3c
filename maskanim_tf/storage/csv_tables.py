"""Tables that people wrote, with a text editor or a spreadsheet program."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from maskanim_tf.storage.files import atomic_path
from maskanim_tf.storage.text import read_text

# Spreadsheets use what the country separates numbers by, and tabs for "Unicode text".
DELIMITERS = ",;\t"


class TableRow(NamedTuple):
    """A row by column name, and the line it ends on; a column that is not there is not in it."""

    line: int
    values: dict[str, str]


def read_table(
    path: str | os.PathLike[str],
    needed: Sequence[str],
    optional: Sequence[str] | None = (),
) -> list[TableRow]:
    """The rows of a table whose first line names the columns; blank rows are left out.

    Args:
      path: of a file in any encoding of `read_text`, its cells separated by commas, semicolons or
        tabs.
      needed: columns that must be there.
      optional: columns that may be; None for any.

    Raises:
      FileNotFoundError: there is no such file.
      OSError: it cannot be read.
      ValueError: it is no text, a column is missing or unknown, or a row is longer than the
        header; the message names the file and what is wrong.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: there is no such table")
    text = read_text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    header: list[str] = []
    rows = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not header:
                header = _checked_header(path, cells, needed, optional)
                continue
            if any(cells[len(header) :]):
                raise ValueError(
                    f"{path}, line {reader.line_num}: {len(cells)} values for {len(header)} "
                    'columns; put values that hold a comma into "quotes"'
                )
            rows.append(TableRow(reader.line_num, dict(zip(header, cells))))
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: is no CSV ({error})") from error
    if not header:
        _checked_header(path, [], needed, optional)
    return rows


def write_table(
    path: str | os.PathLike[str], header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Writes a table in UTF-8 with commas, whole or not at all."""
    with atomic_path(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows((header, *rows))


def _checked_header(
    path: str | os.PathLike[str],
    cells: list[str],
    needed: Sequence[str],
    optional: Sequence[str] | None,
) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    missing = [name for name in needed if name not in cells]
    unknown = [n for n in cells if optional is not None and n not in (*needed, *optional)]
    twice = [name for name in cells if cells.count(name) > 1]
    if missing or unknown or twice:
        wrong = (
            f"lacks {missing[0]!r}"
            if missing
            else f"does not know {unknown[0]!r}"
            if unknown
            else f"names {twice[0]!r} twice"
        )
        may = f"; {', '.join(optional)} may follow" if optional else ""
        raise ValueError(f"{path}: the header {wrong}; it must be {','.join(needed)}{may}")
    return cells
