"""Animates a picture by a video on a server.

`python -m serving.client --source=me.png --driving=dance.mp4 --output=out/result.mp4` asks a server
of TensorFlow Serving, by default the local one; `--server=grpc://localhost:8500` uses gRPC. Writes
what `python -m maskanim_tf.animate` would, sound included.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from tqdm import tqdm

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.media.clips import batched, clip_timing
from maskanim_tf.media.fitting import FITS
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.outputs import check_output, write_output
from maskanim_tf.media.sound import open_sound
from serving.frame_bytes import decode_frame, encode_png
from serving.rest_client import RestClient
from serving.retries import in_order, with_retries

REST, GRPC = ("http://", "https://"), ("grpc://", "grpcs://")


@dataclasses.dataclass(frozen=True)
class ClientOptions(Section):
    """Options of the command."""

    source: str = option("", "picture, or video whose first frame is taken, to animate")
    driving: str = option("", "video that it shall move like")
    output: str = option("", "file ending in .mp4, .gif or .webp, or a folder for PNGs")
    server: str = option(
        "http://localhost:8501", "address: http:// or https:// for REST, grpc:// or grpcs://"
    )
    model: str = option("maskanim", "name of the model on the server")
    model_version: int = option(0, "version of the model, 0 for the newest", minimum=0)
    model_label: str = option("", "label of a version, instead of its number")
    fit: str = option("crop", "how frames become square", choices=FITS)
    auto_crop: bool = option(False, "first crop source and driver around what moves or stands out")
    audio: bool = option(True, "sound of an .mp4 is that of the driver")
    batch_size: int = option(4, "driving frames per request", minimum=1)
    concurrency: int = option(2, "requests that are open at once", minimum=1)
    timeout: float = option(60.0, "seconds until a request is given up", above=0)
    attempts: int = option(6, "how often a request is tried", minimum=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.server.startswith(REST + GRPC):
            raise ValueError(
                f"server is {self.server!r}, but must begin with {' or '.join(REST + GRPC)}"
            )
        if self.model_version and self.model_label:
            raise ValueError(
                f"model_version is {self.model_version} and model_label {self.model_label!r}; give "
                "only one of them"
            )


class Client(Protocol):
    """One model on one server.

    Every method raises `TransientError` for what may pass, ValueError for a request that the server
    refuses, OSError for one that it fails at.
    """

    def shapes(self) -> tuple[int, int]:
        """Side of frames in pixels, and frames per request, 0 for any number."""

    def set_source(self, source: bytes) -> None:
        """Chooses the picture that is animated, a picture file."""

    def animate(self, driving: list[bytes]) -> list[bytes]:
        """Animates it by frames, picture files both."""

    def close(self) -> None:
        """Ends the use of the client."""


def main(options: ClientOptions) -> None:
    """Writes the animation."""
    for name in ("source", "driving", "output"):
        if not getattr(options, name):
            raise ValueError(f"{name} is empty; give it with --{name}=PATH")
    with contextlib.closing(connect(options)) as client:
        count, fps = animate(client, options)
    print(f"{options.output}: {count} frames at {fps:g} per second")


def connect(options: ClientOptions) -> Client:
    """The client for an address; connects with the first request."""
    which = (options.model, options.model_version, options.model_label, options.timeout)
    if options.server.startswith(REST):
        return RestClient(options.server, *which, connections=options.concurrency)
    # Loads TensorFlow, which REST does without.
    from serving.grpc_client import GrpcClient

    scheme, _, address = options.server.partition("://")
    return GrpcClient(address, *which, encrypted=scheme == "grpcs")


def animate(client: Client, options: ClientOptions) -> tuple[int, float]:
    """Writes what the options ask for; returns the number of frames and their rate.

    Raises:
      ValueError: an input cannot be read, or the server refuses it.
      OSError: the server cannot be reached or fails, or the output cannot be written.
    """
    check_output(options.output, (options.source, options.driving))
    pictures, drivers = (open_footage(path) for path in (options.source, options.driving))
    size, fixed_batch = with_retries(client.shapes, options.attempts)
    batch_size = fixed_batch or options.batch_size
    source, driving = (
        footage.squares(size, options.fit, options.auto_crop) for footage in (pictures, drivers)
    )
    first = encode_png(source.frame(0))
    with_retries(partial(client.set_source, first), options.attempts)

    def ask(batch: list[bytes]) -> list[bytes]:
        # Filled up: some servers take whole batches only, and the local command does it as well.
        padded = batch + batch[-1:] * (batch_size - len(batch))
        return with_retries(partial(client.animate, padded), options.attempts)[: len(batch)]

    clip = driving.clip
    requests = in_order(ask, batches(driving.frames(), batch_size), options.concurrency)
    with open_sound(clip, options.audio) as sound, contextlib.closing(requests) as answers:
        frames = (decode_frame(content) for answer in answers for content in answer)
        name = Path(options.output).name
        with tqdm(frames, name, clip.frames, unit="frame", dynamic_ncols=True) as bar:
            count = write_output(options.output, bar, clip_timing(clip), sound)
    return count, clip.fps


def batches(frames: Iterable[np.ndarray], size: int) -> Iterator[list[bytes]]:
    """Frames as PNG files in lists of `size`, the last of which may be shorter."""
    for batch in batched(frames, size):
        yield [encode_png(frame) for frame in batch]


if __name__ == "__main__":
    run_command(main, ClientOptions)
