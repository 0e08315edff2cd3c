"""Which film of a study is whose: what its page must not tell, and its votes are counted by."""

from __future__ import annotations

import dataclasses
import os

from maskanim_tf.evaluation.result_files import read_json

KEY_FILE = "key.json"


@dataclasses.dataclass(frozen=True)
class Trial:
    """A pair as people see it.

    Attributes:
      pair: its name.
      dataset: to which it belongs.
      films: per film of the page the method that made it.
    """

    pair: str
    dataset: str
    films: dict[str, str]


@dataclasses.dataclass(frozen=True)
class StudyKey:
    """What is behind the meaningless names on a page.

    Attributes:
      study: name of the page, which votes for it bear.
      methods: in the order of the table's columns.
      trials: by their names on the page.
    """

    study: str
    methods: tuple[str, ...]
    trials: dict[str, Trial]

    @property
    def datasets(self) -> tuple[str, ...]:
        """In the order of the table's rows."""
        return tuple(dict.fromkeys(trial.dataset for trial in self.trials.values()))


def read_key(path: str | os.PathLike[str]) -> StudyKey:
    """Reads what `result_files.write_json` made of a key.

    Raises:
      OSError: there is no such file.
      ValueError: it is no key.
    """
    try:
        content = read_json(path)
        trials = {name: Trial(**values) for name, values in content["trials"].items()}
        return StudyKey(content["study"], tuple(content["methods"]), trials)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path} is no key of a study, or damaged; give the {KEY_FILE} that "
            "`maskanim study make` wrote beside the page"
        ) from error
