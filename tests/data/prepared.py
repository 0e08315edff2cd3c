"""Makes small clips for the preparation and its tests: pages, whose pixels are kept exactly."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from maskanim_tf.data.prepare.plan import PrepareConfig


def preparation(source: Path, output: Path, **options: object) -> PrepareConfig:
    """How these clips are prepared: without loss, unless `options` say otherwise."""
    usual = {"image_size": 32, "encoding": "png", "clips_per_shard": 2}
    return PrepareConfig(**{"input": str(source), "output": str(output), **usual, **options})


def random_clip(frames: int, size: int = 32, seed: int = 0) -> np.ndarray:
    """uint8 RGB `[frames, size, size, 3]`, smooth enough for JPEG, different in every frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (frames, size // 8, size // 8, 3), np.uint8)
    return np.stack([cv2.resize(image, (size, size)) for image in coarse])


def write_pages(path: Path, frames: np.ndarray) -> np.ndarray:
    """Writes frames as the pages of a TIFF, without loss, and returns them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(path, save_all=True, append_images=others, compression="tiff_lzw")
    return frames


def write_clips(folder: Path, counts: dict[str, int], size: int = 32) -> dict[str, np.ndarray]:
    """One file per name, with so many frames."""
    return {
        name: write_pages(folder / f"{name}.tif", random_clip(count, size, seed))
        for seed, (name, count) in enumerate(counts.items())
    }


def write_broken_folder(folder: Path) -> None:
    """A folder of frames whose third one has good ends and damaged pixels."""
    folder.mkdir(parents=True)
    for index, frame in enumerate(random_clip(4)):
        cv2.imwrite(str(folder / f"{index}.png"), frame)
    broken = folder / "2.png"
    content = bytearray(broken.read_bytes())
    content[60:-20] = bytes(len(content) - 80)
    broken.write_bytes(content)
