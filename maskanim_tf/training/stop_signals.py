"""Signals that ask a run to stop after the step that it is in."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from maskanim_tf.interrupts import SIGNALS


class StopSignals:
    """Turns the first of `SIGNALS` into a request to stop; the second one acts at once.

    Attributes:
      number: of the signal that has come; 0 before.
    """

    def __init__(self) -> None:
        self.number = 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in SIGNALS:
            if signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._previous[number] = signal.signal(number, self._handle)

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        for each, handler in self._previous.items():
            signal.signal(each, handler)
