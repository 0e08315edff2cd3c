"""Templates: a driver kept as the masks that its frames have, small and without its face.

A template is an `.npz` of plain arrays. A network sees no more of a driver than its masks, so the
frames that a template makes are those of the film. Masks are kept in 8 bits:

    code = floor(255 m), at most 254, and one more where m reaches the median of its frame

so that P_test, which cuts below the median or below a multiple of 1/255, cuts the same pixels; what
is left of an error is half a step of 1/255. Codes are stored as differences in time, which are
mostly zero.

| array | what |
| --- | --- |
| `template` | version of this layout |
| `model` | fingerprint of the mask generator, since another one makes other masks |
| `codes` | uint8 `[frames, mask_size, mask_size]`, differences to the frame before, modulo 256 |
| `medians` | float32 `[frames]` |
| `seconds` | float64, how long each frame is shown; `[frames]`, or `[1]` for all |
| `sound` | uint8, the bytes of an .m4a file; empty for none |
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.generation import generate_masks
from maskanim_tf.media.clock import Timing
from maskanim_tf.media.sound import Sound
from maskanim_tf.ops.pixels import as_bytes
from maskanim_tf.storage.files import atomic_path

SUFFIX = ".npz"
VERSION = 1
LEVELS = 255
# Where the two ranges of codes meet, values keep a distance from the median.
BELOW = 0.999
LIMIT = 1 << 32


@dataclasses.dataclass(frozen=True)
class Template:
    """A `Driver` whose masks are known.

    Attributes:
      codes: uint8 `[frames, mask_size, mask_size]`, see the head of this file.
      medians: float32 `[frames]`.
      seconds: how long each frame is shown, float64 `[frames]`, or `[1]` for all.
      recording: bytes of an .m4a file, or none.
      size: side of the pictures in pixels that stand for its frames.
    """

    codes: np.ndarray
    medians: np.ndarray
    seconds: np.ndarray
    recording: bytes
    size: int

    @property
    def count(self) -> int:
        """See `Driver`."""
        return len(self.codes)

    @property
    def fps(self) -> float:
        """See `Driver`."""
        return 1 / float(self.seconds.mean())

    def timing(self, first: int = 0) -> Timing:
        """See `Driver`."""
        return self.fps if len(self.seconds) == 1 else self.seconds[first:]

    def masks(self) -> Iterator[np.ndarray]:
        """See `Driver`."""
        for codes, median in zip(self.codes, self.medians):
            yield decoded(codes, float(median))[..., np.newaxis]

    def frames(self) -> Iterator[np.ndarray]:
        """See `Driver`: the masks as grey pictures, since the film is not there."""
        for mask in self.masks():
            grey = cv2.resize(mask, (self.size, self.size), interpolation=cv2.INTER_LINEAR)
            yield as_bytes(np.repeat(grey[..., np.newaxis], 3, -1))

    def sound(self, wanted: bool, first: int = 0) -> AbstractContextManager[Sound | None]:
        """See `Driver`."""
        if not wanted or not self.recording:
            return contextlib.nullcontext()
        steps = self.seconds[:first] if len(self.seconds) > 1 else self.seconds[:1] * first
        return _opened(self.recording, float(steps.sum()))


def write_template(
    path: str | os.PathLike[str],
    generator: FrameGenerator,
    driving: Driver,
    batch_size: int,
    sound: bool,
    frames: Iterable[np.ndarray] | None = None,
) -> Template:
    """Finds the masks of a driver and writes them; the file appears only when whole.

    Args:
      path: ends in .npz.
      generator: whose masks they are.
      driving: a film.
      batch_size: frames that are looked at at once.
      sound: keep it, too.
      frames: those of the driver, for who counts them.

    Raises:
      OSError: the file cannot be written.
    """
    codes, medians = [], []
    stream = driving.frames() if frames is None else frames
    for mask in generate_masks(generator, stream, batch_size):
        median = np.median(mask)
        codes.append(encoded(mask[..., 0], float(median)))
        medians.append(median)
    timing = driving.timing()
    seconds = np.atleast_1d(np.asarray(timing, np.float64))
    seconds = 1 / seconds if np.ndim(timing) == 0 else seconds
    total = float(seconds.sum()) * (len(codes) if len(seconds) == 1 else 1)
    with driving.sound(sound) as track:
        recording = b"" if track is None else _recorded(track, total)
    template = Template(
        np.stack(codes),
        np.array(medians, np.float32),
        seconds,
        recording,
        generator.image_size,
    )
    steps = np.diff(template.codes, axis=0, prepend=np.zeros_like(template.codes[:1]))
    arrays: dict[str, Any] = {
        "template": np.array(VERSION),
        "model": np.array(generator.mask_model),
        "codes": steps,
        "medians": template.medians,
        "seconds": seconds,
        "sound": np.frombuffer(recording, np.uint8),
    }
    with atomic_path(path) as partial, open(partial, "wb") as file:
        np.savez_compressed(file, **arrays)
    return template


def read_template(
    path: str | os.PathLike[str], generator: FrameGenerator, limit: int = LIMIT
) -> Template:
    """The template of a file, for a generator that takes its masks.

    Args:
      path: of the file.
      generator: that it shall drive.
      limit: most bytes of its arrays, which a small file can be many of.

    Raises:
      FileNotFoundError: there is no file.
      ValueError: it is damaged or no template, or was made by another mask generator or with masks
        of another size, or the generator takes no masks.
    """
    if not generator.takes_masks:
        raise ValueError(
            f"{path}: {generator.label} takes no masks, so that no template can drive it; export "
            "the model again, give the video, or use python -m maskanim_tf.animate"
        )
    arrays = _arrays(path, limit)
    codes = np.cumsum(arrays["codes"], axis=0, dtype=np.uint8)
    again = "make it again from the video with python -m maskanim_tf.template"
    if generator.mask_size and codes.shape[1] != generator.mask_size:
        raise ValueError(
            f"{path}: its masks are {codes.shape[1]}x{codes.shape[1]} pixels, but those of this "
            f"model {generator.mask_size}x{generator.mask_size}; {again}"
        )
    if not generator.mask_model:
        raise ValueError(
            f"{path}: {generator.label} does not say which mask generator it has; export it again"
        )
    model = str(arrays["model"])
    if model != generator.mask_model:
        raise ValueError(
            f"{path}: its masks come from another model's mask generator ({model or 'unknown'}, "
            f"this one is {generator.mask_model}); {again} and these weights"
        )
    return Template(
        codes,
        arrays["medians"],
        arrays["seconds"],
        arrays["sound"].tobytes(),
        generator.image_size,
    )


def is_template(path: str | os.PathLike[str]) -> bool:
    """Whether a path names a template, by its ending."""
    return os.fspath(path).lower().endswith(SUFFIX)


def encoded(mask: np.ndarray, median: float) -> np.ndarray:
    """A mask `[side, side]` in [0, 1] as uint8 codes; see the head of this file."""
    exact = mask.astype(np.float64)
    codes = np.minimum(np.floor(exact * LEVELS), LEVELS - 1)
    return (codes + (mask >= np.float32(median))).astype(np.uint8)


def decoded(codes: np.ndarray, median: float) -> np.ndarray:
    """The mask of codes, float32 `[side, side]` in [0, 1]."""
    split = min(int(np.floor(median * LEVELS)), LEVELS - 1)
    above = codes > split
    values = (codes.astype(np.float32) - above + 0.5) / LEVELS
    bounded = np.where(above, np.maximum(values, median), np.minimum(values, BELOW * median))
    return bounded.astype(np.float32)


def _arrays(path: str | os.PathLike[str], limit: int) -> dict[str, np.ndarray]:
    """What a file holds, of the right types and shapes."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            size = sum(entry.file_size for entry in archive.zip.infolist())
            arrays = dict(archive) if size <= limit else {}
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no template {path}") from error
    # A lone array is no context manager, which is an AttributeError or a TypeError.
    except (
        *(OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, NotImplementedError),
        *(MemoryError, zipfile.BadZipFile, zlib.error),
    ) as error:
        raise ValueError(f"{path}: is damaged, or no template ({error}); copy it again") from error
    if size > limit:
        raise ValueError(f"{path}: has {size >> 20} MiB of masks, more than {limit >> 20} MiB")
    version = arrays.get("template")
    if version is None or version.shape or version.dtype.kind != "i":
        raise ValueError(
            f"{path}: is no template; make one with python -m maskanim_tf.template --driving=VIDEO"
        )
    if int(version) != VERSION:
        raise ValueError(
            f"{path}: is a template of layout {version}, but this version of maskanim reads layout "
            f"{VERSION}; make it again"
        )
    if not _is_whole(arrays):
        raise ValueError(f"{path}: is damaged, its arrays do not fit together; copy it again")
    return arrays


def _is_whole(arrays: dict[str, np.ndarray]) -> bool:
    """Whether all arrays are there, of their types, and of one number of frames."""
    kinds = {"codes": "u1", "medians": "f4", "seconds": "f8", "sound": "u1"}
    if any(arrays.get(k, np.empty(0, "c")).dtype != np.dtype(v) for k, v in kinds.items()):
        return False
    codes, seconds = arrays["codes"], arrays["seconds"]
    return (
        arrays.get("model", np.empty(0)).dtype.kind == "U"
        and arrays["model"].ndim == 0
        and codes.ndim == 3
        and 0 < codes.shape[1] == codes.shape[2]
        and arrays["medians"].shape == codes.shape[:1]
        and codes.shape[0] > 0
        and seconds.shape in ((1,), codes.shape[:1])
        and bool((np.isfinite(seconds) & (seconds > 0)).all())
        and bool(((arrays["medians"] >= 0) & (arrays["medians"] <= 1)).all())
        and arrays["sound"].ndim == 1
        # Of other files FFmpeg knows play lists, which name further ones.
        and arrays["sound"][4:8].tobytes() in (b"", b"ftyp")
    )


def _recorded(sound: Sound, seconds: float) -> bytes:
    """A sound track up to a time, as an .m4a file."""
    with io.BytesIO() as file:
        with av.open(file, "w", format="mp4") as container:
            sound.attach(container)
            sound.finish(seconds)
        return file.getvalue()


@contextlib.contextmanager
def _opened(recording: bytes, start: float) -> Iterator[Sound]:
    """The sound in the bytes of a file, from a time on."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sound.m4a")
        with open(path, "wb") as file:
            file.write(recording)
        with Sound(path, start, first=Fraction(0)) as sound:
            yield sound
