"""A memory of results that forgets those used longest ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Results by key, up to a weight of all together; safe to use from many threads.

    Args:
      limit: largest sum of weights; a single result may exceed it.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._known: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """The result of a key, made if it is not known; what `make` raises is not remembered."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key][0]
        made = make()
        with self._lock:
            self._weight -= self._known.pop(key, (made, 0))[1]
            self._known[key] = made, weigh(made)
            self._weight += weigh(made)
            while self._weight > self._limit and len(self._known) > 1:
                self._weight -= self._known.popitem(last=False)[1][1]
        return made
