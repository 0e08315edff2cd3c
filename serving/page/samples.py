"""Files of the samples that the page offers."""

from __future__ import annotations

import threading
from pathlib import Path

from maskanim_tf.export.browser.catalogue import write_sample


class Samples:
    """Files of samples, made when they are first wanted. For several threads.

    Args:
      folder: that they are written into.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._one_maker = threading.Lock()

    def path(self, name: str, ending: str) -> Path:
        """A sample as browsers show it.

        Args:
          name: one of `export.browser.catalogue.SAMPLES`.
          ending: `.png` for its picture, `.mp4` for its video.
        """
        path = self._folder / f"sample-{name}{ending}"
        with self._one_maker:
            if not path.exists():
                write_sample(name, path)
        return path
