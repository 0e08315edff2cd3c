"""Makes one shard: decodes its clips, cuts and resizes the frames, encodes and writes them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from maskanim_tf.data.prepare.boxes import ClipPart, check_part
from maskanim_tf.data.prepare.plan import PrepareConfig, ShardJob
from maskanim_tf.data.shards.shard_index import ShardIndex
from maskanim_tf.data.shards.shard_writer import ShardWriter, encode_image
from maskanim_tf.media.clips import ClipError, iterate_frames, read_frames
from maskanim_tf.media.fitting import cut_square, square_around
from maskanim_tf.storage.locations import (
    exists,
    file_digest,
    join,
    read_file,
    read_range,
    whole_file,
)

_log = logging.getLogger(__name__)

STRETCH_BYTES = 256 << 20


def make_shard(job: ShardJob, config: PrepareConfig, advance: Callable[[int], None]) -> None:
    """Writes a shard, then its sidecar; does nothing if both are there and belong to this job.

    Args:
      job: the shard.
      config: the options of the preparation.
      advance: told after each clip how many more are done; may raise to stop.

    Raises:
      ClipError: with `strict`, a clip cannot be decoded; otherwise it is warned about and recorded.
      OSError: the output cannot be written; nothing appears under a final name then.
    """
    if read_sidecar(job, config) is not None:
        advance(len(job.parts))
        return
    folder = join(config.output, job.split)
    skipped: list[list[str]] = []
    static: list[str] = []
    with whole_file(join(folder, job.file)) as path:
        with ShardWriter(path, job.number) as writer:
            for part in job.parts:
                try:
                    images = _encode_part(part, config)
                except ClipError as error:
                    if config.strict:
                        raise
                    _log.warning("%s; clip %s is skipped", error, part.name)
                    skipped.append([part.name, str(error)])
                else:
                    if images is None:
                        static.append(part.name)
                    else:
                        writer.write_clip(part.name, part.clip.fps, images)
                advance(1)
        about = {
            "fingerprint": job.fingerprint(config),
            "bytes": path.stat().st_size,
            "sha256": file_digest(path, path.stat().st_size),
            "skipped": skipped,
            "static": static,
        }
    with whole_file(join(folder, job.sidecar)) as path:
        path.write_bytes(writer.index().to_bytes(about))


def read_sidecar(job: ShardJob, config: PrepareConfig) -> tuple[ShardIndex, dict[str, Any]] | None:
    """The index of a shard and what was noted with it; None unless it is whole and of this job."""
    folder = join(config.output, job.split)
    path = join(folder, job.sidecar)
    try:
        index, about = ShardIndex.from_bytes(read_file(path), path)
    except (FileNotFoundError, ValueError):
        return None
    if about["fingerprint"] != job.fingerprint(config):
        return None
    shard, size = join(folder, job.file), about["bytes"]
    # One byte, and none after it: the size without a listing.
    whole = exists(shard) and (size == 0 or len(read_range(shard, size - 1, 2)) == 1)
    return (index, about) if whole else None


def _encode_part(part: ClipPart, config: PrepareConfig) -> list[bytes] | None:
    """The encoded frames of a clip; None if they hardly change."""
    check_part(part)
    height, width = part.clip.height, part.clip.width
    left, top, side = square_around(part.box, height, width, config.fit)
    images: list[bytes] = []
    change = 0.0
    before = None
    for frame in _frames(part):
        image = cut_square(frame, left, top, side, config.image_size)
        if config.drop_static:
            if before is not None:
                change += cv2.norm(image, before, cv2.NORM_L1) / (255 * image.size)
            before = image
        images.append(encode_image(image, config.encoding, config.quality))
    if config.drop_static and change < config.drop_static * max(1, len(images) - 1):
        return None
    return images


def _frames(part: ClipPart) -> Iterator[np.ndarray]:
    if part.start == 0:
        yield from itertools.islice(iterate_frames(part.clip), part.end)
        return
    # In stretches as long as memory allows, since each seeks to its beginning.
    size = max(1, STRETCH_BYTES // (part.clip.height * part.clip.width * 3))
    for start in range(part.start, part.end, size):
        yield from read_frames(part.clip, range(start, min(start + size, part.end)))
