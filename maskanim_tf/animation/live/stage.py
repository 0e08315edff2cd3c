"""The main thread of a live session: shows results, hears keys, records, and counts."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from maskanim_tf.animation.live.session import LiveFrame, LiveSession
from maskanim_tf.animation.live.sinks import Recorder, VirtualCamera
from maskanim_tf.animation.live.window import KEYS, Window
from maskanim_tf.interrupts import interruptible

# Delays that are remembered for the report, and seconds over which the shown rate is taken.
REMEMBERED = 100_000
RECENT = 2.0


@dataclasses.dataclass(frozen=True)
class LiveReport:
    """What a session came to.

    Attributes:
      frames: results that were shown.
      seconds: from the first to the last of them.
      delays: from the camera's frame to the shown result, in seconds, float64 `[frames]`.
      dropped: frames of the camera that were left out.
      films: paths of what was recorded.
    """

    frames: int
    seconds: float
    delays: np.ndarray
    dropped: int
    films: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Results per second."""
        return (self.frames - 1) / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        if not self.frames:
            return "no frame was shown"
        median, late = (1000 * float(np.quantile(self.delays, q)) for q in (0.5, 0.95))
        return (
            f"{self.frames} frames, {self.rate:.1f} per second; delay {median:.0f} ms (median), "
            f"{late:.0f} ms (95 %); {self.dropped} frames of the camera left out"
        )


def perform(
    session: LiveSession,
    window: Window | None = None,
    virtual_camera: VirtualCamera | None = None,
    record: str | os.PathLike[str] = "",
    recording: bool = False,
    seconds: float = 0.0,
    say: Callable[[str], object] = lambda line: None,
) -> LiveReport:
    """Runs a session until it is asked to stop, its camera ends, or the time is over.

    Ctrl-C ends it like the key q. A film that was begun is kept, whatever happens.

    Args:
      session: entered already.
      window: shows results and hears keys.
      virtual_camera: gets results as well.
      record: path of films.
      recording: begin with it at once.
      seconds: how long at most; 0 for no end.
      say: takes lines for the user.

    Raises:
      CameraError: the camera is gone.
      OSError: a film could not be written.
    """
    stage = _Stage(session, window, virtual_camera, record, say)
    with contextlib.ExitStack() as stack:
        stack.callback(stage.stop_recording)
        if recording:
            stage.start_recording()
        with contextlib.suppress(KeyboardInterrupt):
            for result in interruptible(session.results()):
                if result is not None:
                    stage.show(result)
                if window is not None and not stage.obey(window.key()):
                    break
                if seconds and stage.begin and time.monotonic() - stage.begin >= seconds:
                    break
    return stage.report()


@dataclasses.dataclass
class _Stage:
    """What `perform` keeps in mind."""

    session: LiveSession
    window: Window | None
    virtual_camera: VirtualCamera | None
    record: str | os.PathLike[str]
    say: Callable[[str], object]
    recorder: Recorder | None = None
    begin: float = 0.0
    last: float = 0.0
    count: int = 0
    delays: deque[float] = dataclasses.field(default_factory=lambda: deque(maxlen=REMEMBERED))
    times: deque[float] = dataclasses.field(default_factory=deque)
    films: list[str] = dataclasses.field(default_factory=list)

    def show(self, result: LiveFrame) -> None:
        """Brings a result everywhere."""
        if self.virtual_camera is not None:
            self.virtual_camera.show(result.frame)
        if self.recorder is not None:
            self.recorder.show(result.frame)
        if self.window is not None:
            self.window.show(result, self._lines(), self.recorder is not None)
        self.last = time.monotonic()
        self.begin = self.begin or self.last
        self.count += 1
        self.delays.append(self.last - result.captured)
        self.times.append(self.last)
        while self.times[0] < self.last - RECENT:
            self.times.popleft()

    def obey(self, key: str) -> bool:
        """Does what a key means; whether to go on."""
        if key == "c":
            self.session.recentre()
        elif key == "s":
            self.session.switch()
        elif key == " ":
            self.session.freeze()
        elif key == "r" and self.recorder is not None:
            self.stop_recording()
        elif key == "r" and self.record:
            self.start_recording()
        elif key == "r":
            self.say("there is nowhere to record to; start with --output=FILM.mp4")
        return key != "q"

    def start_recording(self) -> None:
        self.recorder = Recorder(self.record, self.session.note)

    def stop_recording(self) -> None:
        recorder, self.recorder = self.recorder, None
        if recorder is None:
            return
        recorder.close()
        if recorder.frames:
            self.films.append(str(recorder.path))
            self.say(f"{recorder.path}: {recorder.frames} frames")

    def report(self) -> LiveReport:
        delays, films = np.array(self.delays), tuple(self.films)
        return LiveReport(self.count, self.last - self.begin, delays, self.session.dropped, films)

    def _lines(self) -> list[str]:
        span = self.times[-1] - self.times[0] if self.times else 0.0
        rate = (len(self.times) - 1) / span if span > 0 else 0.0
        delay = 1000 * float(np.median(list(self.delays)[-25:])) if self.delays else 0.0
        return [f"{rate:.1f} frames per second, {delay:.0f} ms behind the camera", KEYS]
