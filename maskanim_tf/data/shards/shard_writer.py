"""Writes one shard: an ordinary TFRecord file with one `tf.train.Example` per frame."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
import tensorflow as tf

from maskanim_tf.data.shards.shard_index import ShardIndex
from maskanim_tf.storage.remote import clear_errors

ENCODINGS = ("jpeg", "png")
# A TFRecord is 8 bytes of length, 4 of its checksum, the payload, 4 of the payload's checksum.
RECORD_HEADER = 12
RECORD_FOOTER = 4


def shard_name(number: int, count: int) -> str:
    """File name of shard `number` of `count`."""
    return f"shard-{number:05d}-of-{count:05d}.tfrecord"


def encode_image(image: np.ndarray, encoding: str, quality: int) -> bytes:
    """An image uint8 RGB `[height, width, 3]` as JPEG (4:4:4, `quality` 1 to 100) or PNG."""
    settings: list[int] = []  # For PNG: level 3 takes 3.5 times as long and saves 6 %.
    if encoding == "jpeg":
        # Halved colour would be upsampled by every training step.
        sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    suffix = ".png" if encoding == "png" else ".jpg"
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    return encoded.tobytes()


class ShardWriter:
    """Writes clips into a local file and remembers where each frame came to lie.

    A context manager; the result is complete when it is left without an error. The bytes depend on
    the clips alone. Features of a record: "clip" (bytes), "fps" (float), "frame" (int64, counted
    from 0), "image" (bytes, the encoded image).

    Raises:
      OSError: the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], number: int) -> None:
        self._path = os.fspath(path)
        self._number = number
        self._position = 0
        self._clips: list[ShardIndex] = []
        with clear_errors(self._path):
            self._writer = tf.io.TFRecordWriter(self._path)

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with clear_errors(self._path):
            self._writer.close()

    def write_clip(self, name: str, fps: float, images: Sequence[bytes]) -> None:
        """Appends a clip, given its encoded images in order."""
        offsets = []
        for frame, image in enumerate(images):
            record = _example(name, fps, frame, image)
            offsets.append(self._position + RECORD_HEADER + len(record) - len(image))
            with clear_errors(self._path):
                self._writer.write(record)
            self._position += RECORD_HEADER + len(record) + RECORD_FOOTER
        self._clips.append(
            ShardIndex(
                names=[name],
                fps=np.array([fps], np.float32),
                shard=np.array([self._number], np.int32),
                first=np.array([0, len(images)], np.int64),
                offset=np.array(offsets, np.int64),
                length=np.array([len(image) for image in images], np.uint32),
                checksum=np.array([zlib.crc32(image) for image in images], np.uint32),
            )
        )

    def index(self) -> ShardIndex:
        """The index of the clips written so far."""
        return ShardIndex.concatenate(self._clips)


def _example(name: str, fps: float, frame: int, image: bytes) -> bytes:
    feature = tf.train.Feature
    features = {
        "clip": feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
        "fps": feature(float_list=tf.train.FloatList(value=[fps])),
        "frame": feature(int64_list=tf.train.Int64List(value=[frame])),
        "image": feature(bytes_list=tf.train.BytesList(value=[image])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    # Deterministic means sorted by name: "image" comes last and ends the record, which is where the
    # index says that it is.
    record = example.SerializeToString(deterministic=True)
    if not record.endswith(image):
        raise RuntimeError("protobuf no longer sorts the features of a record by name")
    return record
