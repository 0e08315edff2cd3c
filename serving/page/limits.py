"""What users of the page may take."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class PageLimits:
    """What users of the page may take.

    Attributes:
      animations: that are made at once, cameras included.
      upload_bytes: of both files.
      client_seconds: that it may take to send them, or to take a frame; a camera's pauses, too.
      max_pixels: of a frame.
      results: finished videos that are kept.
      result_seconds: how long.
      hosts: names, besides those of this machine, that the page may be opened under.
    """

    animations: int
    upload_bytes: int
    client_seconds: float
    max_pixels: int
    results: int
    result_seconds: float
    hosts: tuple[str, ...]
