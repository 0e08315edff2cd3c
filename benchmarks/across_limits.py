"""How near the true frames of another identity one can come by moving the source's pixels.

`python benchmarks/across_limits.py --data_dir=PEOPLE --image_size=256`, for test clips with ground
truth and partners. L1 is printed beside that of copying the source, when pixels are read

* where a dense optical flow that sees the true frame finds them, which no method knows;
* as many pixels beside that place, in smooth fields, as a method may be wrong by;
* where the flow of the driver's own frames says, placed on the source by the points of both first
  frames: all that a driver shows, known without error, but for how it looks on somebody else.

The distances of the face's points say the same without pixels. Lengths are pixels at 256x256.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.config.sections import OTHER
from maskanim_tf.data.partners import evaluation_drivers
from maskanim_tf.data.sources import open_clips
from maskanim_tf.evaluation.metrics import l1
from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE
from maskanim_tf.ops.pixels import as_bytes, as_floats
from maskanim_tf.ops.warping import warp
from maskanim_tf.people.landmarks import FACE_POINTS

ERRORS = (0, 0.5, 1, 1.5, 2, 3, 4)
SMOOTHNESS = 16  # Standard deviation of the Gaussian behind fields of errors.
COPY = "copy of the source"
POINTS_COPY = "the source's points"


@dataclasses.dataclass(frozen=True)
class LimitOptions(Section):
    """Options of the command."""

    every: int = option(2, "frames from one that is compared to the next", minimum=1)


def main(config: Config, options: LimitOptions) -> None:
    """Prints a row per way to make the frames."""
    clips = open_clips(config, keys.TEST)
    drivers = evaluation_drivers(clips.names, OTHER, wish="this benchmark")
    rng = np.random.default_rng(config.seed)
    found: dict[str, list[float]] = {}
    for clip, driver in tqdm(drivers, unit="clip"):
        own, shown = (np.stack(list(clips.iterate_frames(each))) for each in (clip, driver))
        truth, other = (clips.read_truth(each) for each in (clip, driver))
        if not (truth and truth.has_face and other and other.has_face):
            raise ValueError(f"{clips.names[clip]} knows no face's points; take clips of people")
        scale = KEYPOINT_SIDE / own.shape[1]
        # Rows and columns, as steps have them.
        points, others = (each.points[:, : len(FACE_POINTS), ::-1] for each in (truth, other))
        place = Placement(others[0], points[0])
        for i in range(1, min(len(own), len(shown)), options.every):
            placed = {
                POINTS_COPY: points[0],
                "the driver's points, placed": place(others[i]),
                "their way, added to the source's": points[0]
                + place.factor * (others[i] - others[0]),
            }
            for name, made in placed.items():
                distance = np.linalg.norm(made - points[i], axis=-1).mean() * scale
                found.setdefault(name, []).append(distance)
            near = either(truth.masks[[0, i]])
            true = steps_between(own[i], own[0])
            ways = {COPY: np.zeros_like(true)}
            for error in ERRORS:
                wrong = random_field(rng, truth.masks[i], error / scale, SMOOTHNESS / scale)
                ways[f"true flow, {error} pixels off"] = (true + wrong) * near
            driven = steps_between(shown[i], shown[0]) * either(other.masks[[0, i]])
            ways["the driver's flow, placed"] = place.carry(driven)
            steps = np.stack(list(ways.values()))
            made = warp(np.repeat(as_floats(own[:1]), len(steps), 0), steps)
            for name, distance in zip(ways, l1(own[i : i + 1], as_bytes(made.numpy()))):
                found.setdefault(name, []).append(distance)
    for name, values in found.items():
        base = COPY if COPY in name or "flow" in name else POINTS_COPY
        mean, copied = np.mean(values), np.mean(found[base])
        print(f"{name:34s} {mean:8.4f} {mean / copied - 1:+8.1%}")


class Placement:
    """The shift and scale that bring the driver's points onto the source's."""

    def __init__(self, driver: np.ndarray, source: np.ndarray):
        self.centres = driver.mean(0), source.mean(0)
        spreads = [np.std(points - points.mean(0)) for points in (driver, source)]
        self.factor = spreads[1] / spreads[0]

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return (points - self.centres[0]) * self.factor + self.centres[1]

    def carry(self, steps: np.ndarray) -> np.ndarray:
        """Steps of the driver, `[height, width, 2]`, as those of the source."""
        places = np.stack(np.mgrid[: steps.shape[0], : steps.shape[1]], -1)
        origins = (places - self.centres[1]) / self.factor + self.centres[0]
        there = (origins - places).astype(np.float32)
        return warp(steps[np.newaxis], there[np.newaxis])[0].numpy() * self.factor


def either(masks: np.ndarray) -> np.ndarray:
    """1 where one of the masks is, and a little around it, `[height, width, 1]`."""
    near = cv2.dilate(masks.any(0).astype(np.uint8), np.ones((5, 5)))
    return near[..., np.newaxis].astype(np.float32)


def steps_between(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The way from each pixel of one picture to where it is in the other; see `warp`."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (here, there)]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)
    return flow[..., ::-1]


def random_field(
    rng: np.random.Generator, mask: np.ndarray, length: float, smoothness: float
) -> np.ndarray:
    """A smooth field of vectors that are so long on average within a mask."""
    field = cv2.GaussianBlur(rng.normal(size=(*mask.shape, 2)), (0, 0), smoothness)
    return (field * (length / np.linalg.norm(field, axis=-1)[mask].mean())).astype(np.float32)


if __name__ == "__main__":
    run_command(main, Config, LimitOptions)
