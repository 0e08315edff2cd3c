"""Video files: PyAV reads the time of every frame, OpenCV decodes.

OpenCV turns a frame number into a time with the mean frame rate, so its seeking misses frames where
the rate varies. Here every frame has the time stamp that its container holds: a seek is checked
against the stamp of the frame it arrived at and walks on from there to the wanted one. A file whose
stamps are missing or doubled is read from its beginning instead: slower, never wrong.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Iterator, Sequence

import av
import cv2
import numpy as np

from maskanim_tf.data.clip import DEFAULT_FPS, Clip, ClipError

# FFmpeg inside OpenCV prints a line per damaged block; the errors raised here say it once. A value
# that the user has set stays. It must be set before the first capture is opened.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

OPENCV_REWIND = 16  # OpenCV aims so many frames ahead of a target before it walks to it.
SAME_TIME = 1e-3  # Milliseconds.
RATE_TOLERANCE = 0.05
NO_PICTURES = "it has no pictures, only other tracks; leave it out"
REENCODE = "copy or download it again, or re-encode it: ffmpeg -i {name} -c:v libx264 new.mp4"


@dataclasses.dataclass(frozen=True)
class Timeline:
    """When each frame of a video is shown.

    Attributes:
      times: float64 `[frames]`, milliseconds from the start of the stream, in order of showing.
      keys: int64 `[key frames]`, which frames a seek can start from; empty: none.
      fps: frames per second.
      codec: name of the compression.
      has_audio: there is a sound track.
      promised: number of frames that the container announces; 0 where it does not.
      damaged: the container ends early or marks packets as broken.
    """

    times: np.ndarray
    keys: np.ndarray
    fps: float
    codec: str
    has_audio: bool
    promised: int
    damaged: bool


def probe_video(path: str, name: str) -> tuple[Clip, str]:
    """The clip of a video file, and a complaint if frames are missing in it, else "".

    Raises:
      ClipError: the file is no video, is cut before its index, or cannot be decoded.
    """
    timeline = read_timeline(path)
    reader = VideoReader(path, timeline)
    try:
        height, width = reader.read(0).shape[:2]
    finally:
        reader.close()
    frames = len(timeline.times)
    complaint = ""
    if timeline.damaged or timeline.promised > frames:
        expected = f"{timeline.promised} frames announced, " if timeline.promised > frames else ""
        complaint = f"{path}: it is damaged or cut short ({expected}{frames} readable); " + _remedy(
            path
        )
    has_audio = timeline.has_audio
    return Clip(path, name, "video", frames, timeline.fps, height, width, has_audio), complaint


def read_video_frames(clip: Clip, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """Frames at ascending `indices`, each uint8 RGB `[height, width, 3]`, upright.

    Raises:
      ClipError: the file cannot be decoded, or has changed since it was indexed.
    """
    timeline = read_timeline(clip.path)
    if len(timeline.times) != clip.frames:
        raise ClipError(
            f"{clip.path}: holds {len(timeline.times)} frames, {clip.frames} when indexed; "
            "index again"
        )
    reader = VideoReader(clip.path, timeline)
    try:
        for index in indices:
            frame = reader.read(index)
            clip.check_shape(clip.path, frame.shape)
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    finally:
        reader.close()


def stored_size(path: str) -> tuple[int, int]:
    """Height and width of the pictures of a video file, before rotation; decodes nothing.

    Raises:
      ClipError: the file is no video.
    """
    try:
        with av.open(os.path.abspath(path), metadata_errors="ignore") as container:
            for stream in container.streams.video:
                return stream.height, stream.width
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error
    raise ClipError(f"{path}: {NO_PICTURES}")


class VideoReader:
    """Reads single frames by index; cheapest in ascending order. One reader per thread."""

    def __init__(self, path: str, timeline: Timeline) -> None:
        self._path = path
        self._timeline = timeline
        self._capture = open_capture(path)
        self._next = 0  # Index of the frame that the next grab brings.

    def read(self, index: int) -> np.ndarray:
        """Frame `index` as uint8 BGR `[height, width, 3]`, upright; ClipError if it fails."""
        if index < self._next - 1 or self._seek_pays(index):
            self._seek(index)
        while self._next <= index:
            if not self._capture.grab():
                raise self._error(self._next)
            self._next += 1
        decoded, frame = self._capture.retrieve()
        if not decoded:
            raise self._error(index)
        return frame

    def close(self) -> None:
        """Closes the file."""
        self._capture.release()

    def _seek_pays(self, index: int) -> bool:
        keys = self._timeline.keys
        return bool(np.any((keys > self._next) & (keys <= index - OPENCV_REWIND)))

    def _seek(self, index: int) -> None:
        times = self._timeline.times
        if index > 0 and len(self._timeline.keys):
            # OpenCV stops at the first frame whose number reaches the one before its target; aimed
            # at the frame before ours, it cannot run past ours however uneven the times are.
            rate = self._capture.get(cv2.CAP_PROP_FPS)
            number = math.floor(times[index - 1] / 1000 * rate + 0.5) + 1
            if self._capture.set(cv2.CAP_PROP_POS_FRAMES, number) and self._capture.grab():
                found = _index_of(times, self._capture.get(cv2.CAP_PROP_POS_MSEC))
                if found is not None and found <= index:
                    self._next = found + 1
                    return
        self._capture.release()
        self._capture = open_capture(self._path)
        self._next = 0

    def _error(self, index: int) -> ClipError:
        codec = self._timeline.codec
        reason = f"frame {index} cannot be decoded (codec {codec})"
        return ClipError(f"{self._path}: {reason}; {_remedy(self._path)}")


def open_capture(path: str) -> cv2.VideoCapture:
    """OpenCV's capture of a file; raises ClipError.

    One decoding thread: clips are read from many threads at once, and a small frame is decoded
    before a thread could be started for it.
    """
    parameters = [cv2.CAP_PROP_N_THREADS, 1]
    capture = cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG, parameters)
    if not capture.isOpened():
        raise ClipError(f"{path}: OpenCV cannot decode it; {_remedy(path)}")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)  # OpenCV 4 and 5 differ in what they start with.
    return capture


def read_timeline(path: str) -> Timeline:
    """The timeline of a video file; the last ones used are remembered.

    Raises:
      ClipError: the file is no video, or cannot be opened.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise ClipError(f"{path}: cannot be read ({error.strerror})") from error
    if not status.st_size:
        raise ClipError(f"{path}: the file is empty; copy or download it again, or delete it")
    return _read_timeline(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=128)
def _read_timeline(path: str, modified: int, size: int) -> Timeline:
    timeline, ordered = _demux(path)
    certain = ordered and not timeline.damaged and timeline.promised == len(timeline.times)
    if certain or (ordered and _last_frame_is_there(path, timeline)):
        return timeline
    return _count_by_grabbing(path, timeline)


def _demux(path: str) -> tuple[Timeline, bool]:
    """Times as the container holds them, and whether they can be relied on; decodes nothing."""
    stamps: list[int | None] = []
    key_stamps: list[int | None] = []
    damaged = False
    try:
        with av.open(os.path.abspath(path), metadata_errors="ignore") as container:
            if not container.streams.video:
                raise ClipError(f"{path}: {NO_PICTURES}")
            stream = container.streams.video[0]
            try:
                for packet in container.demux(stream):
                    if packet.size and not packet.is_discard:
                        stamps.append(packet.pts)
                        damaged |= packet.is_corrupt
                        if packet.is_keyframe:
                            key_stamps.append(packet.pts)
            except av.error.FFmpegError:
                damaged = True
            start = stream.start_time or 0
            scale = 1000 * float(stream.time_base or 0)
            rate = float(stream.average_rate or stream.guessed_rate or DEFAULT_FPS)
            codec = stream.codec_context.name
            has_audio = bool(container.streams.audio)
            promised = stream.frames
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error
    known = sorted(stamp for stamp in stamps if stamp is not None)
    times = (np.array(known, np.float64) - start) * scale
    keys = np.flatnonzero(np.isin(known, [stamp for stamp in key_stamps if stamp is not None]))
    ordered = bool(known) and len(set(known)) == len(stamps)
    fps = _rate(times, rate)
    return Timeline(times, keys, fps, codec, has_audio, promised, damaged), ordered


def _last_frame_is_there(path: str, timeline: Timeline) -> bool:
    reader = VideoReader(path, timeline)
    try:
        reader.read(len(timeline.times) - 1)
        return True
    except ClipError:
        return False
    finally:
        reader.close()


def _count_by_grabbing(path: str, timeline: Timeline) -> Timeline:
    capture = open_capture(path)
    grabbed = []
    while capture.grab():
        grabbed.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    capture.release()
    if not grabbed:
        reason = f"no frame can be decoded (codec {timeline.codec})"
        raise ClipError(f"{path}: {reason}; {_remedy(path)}")
    times = np.array(grabbed)
    # Where only the end is missing, seeking still works.
    expected = timeline.times[: len(times)]
    agree = len(expected) == len(times) and np.allclose(times[1:], expected[1:], atol=SAME_TIME)
    keys = timeline.keys[timeline.keys < len(times)] if agree else timeline.keys[:0]
    fps = _rate(times, timeline.fps)
    return dataclasses.replace(timeline, times=times, keys=keys, fps=fps)


def _index_of(times: np.ndarray, time: float) -> int | None:
    after = int(np.searchsorted(times, time - SAME_TIME))
    return after if after < len(times) and abs(times[after] - time) <= SAME_TIME else None


def _rate(times: np.ndarray, announced: float) -> float:
    """Frames per second that keep the duration; containers often announce another rate."""
    if len(times) < 2 or times[-1] <= times[0]:
        return announced
    measured = float(1000 * (len(times) - 1) / (times[-1] - times[0]))
    return announced if abs(announced / measured - 1) <= RATE_TOLERANCE else measured


def _unreadable(path: str, error: av.error.FFmpegError | OSError) -> ClipError:
    reason = error.strerror or "unknown format"
    return ClipError(f"{path}: no readable video ({reason}); {_remedy(path)}")


def _remedy(path: str) -> str:
    return REENCODE.format(name=os.path.basename(path))
