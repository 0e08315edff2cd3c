"""Tables of pairs, a source and a driver in each row."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Container, Sequence
from pathlib import Path

from maskanim_tf.storage.csv_tables import read_table

COLUMNS = ("source", "driving")


@dataclasses.dataclass(frozen=True)
class PairRow:
    """A row of a table of pairs.

    Attributes:
      where: table and line, for messages.
      source: path or name of the source.
      driving: likewise of the driver.
      name: what the last column says, or "".
      dataset: what the column of this name says, or "".
    """

    where: str
    source: str
    driving: str
    name: str
    dataset: str = ""


def read_pairs(
    table: str | os.PathLike[str],
    naming: str,
    others: Sequence[str] | None = (),
    known: Container[str] = (),
) -> list[PairRow]:
    """The rows of a CSV with the columns source, driving and maybe another one.

    Paths count from the current folder or, where nothing is there, from the folder of the table.

    Args:
      table: path of the CSV.
      naming: column with the name of a pair or of what becomes of it; may be missing or empty.
      others: columns that may be there besides; None for any.
      known: entries that are no paths.

    Raises:
      OSError: the table cannot be read.
      ValueError: a column is missing or unknown, or a value is empty.
    """
    rows = []
    for line, row in read_table(table, COLUMNS, None if others is None else (naming, *others)):
        where = f"{table}, line {line}"
        if not row.get("source") or not row.get("driving"):
            raise ValueError(f"{where}: needs a source and a driver")
        source, driving = (
            row[column] if row[column] in known else _found(row[column], Path(table).parent)
            for column in COLUMNS
        )
        name, dataset = (row.get(column, "") for column in (naming, "dataset"))
        rows.append(PairRow(where, source, driving, name, dataset))
    return rows


def _found(path: str, folder: Path) -> str:
    path = os.path.expanduser(path)
    return path if os.path.exists(path) or not (folder / path).exists() else str(folder / path)
