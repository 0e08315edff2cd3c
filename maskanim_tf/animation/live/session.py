"""Capturing and animating, each in a thread of its own; the newest result is there to be shown."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np

from maskanim_tf.animation.alignment import Alignment, align
from maskanim_tf.animation.animated_video import note_on
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.live.cameras import Camera
from maskanim_tf.animation.live.latest import Latest
from maskanim_tf.animation.masks import MaskSmoother
from maskanim_tf.keys import FRAME
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.media.marking import marked
from maskanim_tf.media.provenance import Provenance
from maskanim_tf.ops.pixels import as_bytes

# Seconds after which who shows frames is asked for keys, new frame or not.
BEAT = 0.02


@dataclasses.dataclass(frozen=True)
class LiveFrame:
    """One result, all uint8 `[image_size, image_size, 3]`, RGB.

    Attributes:
      source: the picture that is animated.
      driving: the camera's frame.
      frame: what came of them.
      captured: when the camera gave its frame, by `time.monotonic`.
    """

    source: np.ndarray
    driving: np.ndarray
    frame: np.ndarray
    captured: float


class LiveSession:
    """A camera that drives pictures; use it in a `with` statement.

    Args:
      generator: what animates; it is used by one thread alone.
      camera: is closed with the session.
      sources: pictures to choose from, uint8 `[image_size, image_size, 3]`.
      relative: the camera's change since `recentre` drives, not its pose; the first frame counts as
        the first `recentre`.
      smooth_masks: see `generate_frames`.
      mirror: left and right of the camera are exchanged.
      mark: results are marked as synthetic.

    Raises:
      ValueError: the generator takes no masks, which `relative` and `smooth_masks` need.
    """

    def __init__(
        self,
        generator: FrameGenerator,
        camera: Camera,
        sources: Sequence[np.ndarray],
        relative: bool = False,
        smooth_masks: float = 0.0,
        mirror: bool = False,
        mark: bool = False,
    ):
        self._steers = relative or smooth_masks > 0
        if self._steers and not (generator.takes_masks and generator.finds_masks):
            raise ValueError(f"{generator.label} takes no masks, which relative motion moves")
        self._generator = generator
        self._camera = camera
        self._sources = sources
        self._steering = _Steering(generator, relative, smooth_masks)
        self._mirror = mirror
        self._mark = mark
        self._frames: Latest[tuple[np.ndarray, float]] = Latest()
        self._results: Latest[LiveFrame] = Latest()
        self._stopped = threading.Event()
        self._recentre = threading.Event()
        self._resumed = threading.Event()
        self._resumed.set()
        self._chosen = 0
        self._threads = [
            threading.Thread(target=work, name=work.__name__, daemon=True)
            for work in (self._capture, self._animate)
        ]

    def __enter__(self) -> LiveSession:
        # The first frame traces graphs, which takes seconds.
        source = self._sources[self._chosen]
        self._generator.set_source(source)
        masks = self._generator.masks(source[None]) if self._steers else None
        self._generator.animate(source[None], (FRAME,), masks)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._resumed.set()
        self._frames.close()
        self._results.close()
        for thread in self._threads:
            thread.join()
        self._camera.close()

    @property
    def note(self) -> Provenance:
        """What films of it say about themselves."""
        return note_on(self._generator)

    @property
    def dropped(self) -> int:
        """Frames of the camera that nobody had time for."""
        return self._frames.dropped

    def results(self) -> Iterator[LiveFrame | None]:
        """The newest result when there is one, else None from time to time, until the camera ends.

        Raises:
          CameraError: the camera is gone.
          Exception: what else went wrong in a thread.
        """
        while not self._results.over:
            yield self._results.take(BEAT)

    def recentre(self) -> None:
        """Takes the camera's next frame for the source's own pose."""
        self._recentre.set()

    def switch(self) -> None:
        """Goes on with the next source."""
        self._chosen = (self._chosen + 1) % len(self._sources)

    def freeze(self) -> None:
        """Stops animating, or goes on with it; the last result stays."""
        if self._resumed.is_set():
            self._resumed.clear()
        else:
            self._resumed.set()

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return not self._resumed.is_set()

    def _capture(self) -> None:
        try:
            while not self._stopped.is_set():
                frame = self._camera.read()
                if frame is None:
                    break
                self._frames.put((frame, time.monotonic()))
            self._frames.close()
        except Exception as error:
            self._frames.close(error)

    def _animate(self) -> None:
        try:
            animated = self._chosen
            while not self._frames.over:
                self._resumed.wait()
                taken = self._frames.take(BEAT)
                if taken is None:
                    continue
                if animated != self._chosen:
                    animated = self._chosen
                    self._generator.set_source(self._sources[animated])
                    self._steering.forget_source()
                if self._recentre.is_set():
                    self._recentre.clear()
                    self._steering.forget_reference()
                self._results.put(self._result(self._sources[animated], *taken))
            self._results.close()
        except Exception as error:
            self._results.close(error)

    def _result(self, source: np.ndarray, frame: np.ndarray, captured: float) -> LiveFrame:
        square = fit_square(frame, self._generator.image_size)
        driving = np.ascontiguousarray(square[:, ::-1]) if self._mirror else square
        masks = self._steering.masks(source, driving) if self._steers else None
        made = self._generator.animate(driving[None], (FRAME,), masks)[FRAME][0]
        picture = as_bytes(made)
        return LiveFrame(source, driving, marked(picture) if self._mark else picture, captured)


class _Steering:
    """Masks on their way from the camera to P_test: smoothed, then moved."""

    def __init__(self, generator: FrameGenerator, relative: bool, share: float):
        self._generator = generator
        self._relative = relative
        self._smoother = MaskSmoother(share)
        self._source_mask: np.ndarray | None = None
        self._alignment: Alignment | None = None

    def forget_source(self) -> None:
        self._source_mask = self._alignment = None

    def forget_reference(self) -> None:
        self._alignment = None

    def masks(self, source: np.ndarray, driving: np.ndarray) -> np.ndarray:
        """The mask that drives, `[1, mask_size, mask_size, 1]`."""
        mask = self._smoother.smoothed(self._generator.masks(driving[None])[0])
        if not self._relative:
            return mask[None]
        if self._alignment is None:
            if self._source_mask is None:
                self._source_mask = self._generator.masks(source[None])[0]
            self._alignment = align(mask, self._source_mask)
        return self._alignment.moved(mask)[None]
