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
from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE

FACE = slice(68)
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
        if truth is None or other is None:
            raise ValueError(f"{clips.names[clip]} has no ground truth; take clips of people")
        scale = KEYPOINT_SIDE / own.shape[1]
        points, others = truth.points[:, FACE], other.points[:, FACE]
        place = Placement(others[0], points[0])
        for i in range(1, min(len(own), len(shown)), options.every):
            moved = points[0] + place.factor * (others[i] - others[0])
            for name, made in (
                (POINTS_COPY, points[0]),
                ("the driver's points, placed", place(others[i])),
                ("their way, added to the source's", moved),
            ):
                distance = np.linalg.norm(made - points[i], axis=-1).mean() * scale
                found.setdefault(name, []).append(distance)
            found.setdefault(COPY, []).append(l1(own[0], own[i]))
            flow = flow_between(own[i], own[0]) * either(truth.masks[[0, i]])
            for error in ERRORS:
                wrong = flow + random_field(rng, truth.masks[i], error / scale, SMOOTHNESS / scale)
                made = read_at(own[0], wrong * either(truth.masks[[0, i]]))
                found.setdefault(f"true flow, {error} pixels off", []).append(l1(made, own[i]))
            flow = flow_between(shown[i], shown[0]) * either(other.masks[[0, i]])
            made = read_at(own[0], place.carry(flow))
            found.setdefault("the driver's flow, placed", []).append(l1(made, own[i]))
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

    def carry(self, flow: np.ndarray) -> np.ndarray:
        """A flow of the driver, `[height, width, 2]`, as one of the source."""
        rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
        places = (np.stack((columns, rows), -1) - self.centres[1]) / self.factor + self.centres[0]
        return read_at(flow, places - np.stack((columns, rows), -1)) * self.factor


def l1(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of uint8 pictures, of 1."""
    return float(np.abs(one / 255.0 - other / 255.0).mean())


def either(masks: np.ndarray) -> np.ndarray:
    """1 where one of the masks is, and a little around it, `[height, width, 1]`."""
    return cv2.dilate(masks.any(0).astype(np.uint8), np.ones((5, 5)))[..., np.newaxis]


def flow_between(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Where each pixel of one picture is in the other: (right, down) of it, in pixels."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (here, there)]
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)


def random_field(
    rng: np.random.Generator, mask: np.ndarray, length: float, smoothness: float
) -> np.ndarray:
    """A smooth field of vectors that are so long on average within a mask."""
    field = cv2.GaussianBlur(rng.normal(size=(*mask.shape, 2)), (0, 0), smoothness)
    return (field * (length / np.linalg.norm(field, axis=-1)[mask].mean())).astype(np.float32)


def read_at(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Each pixel from where the flow points to."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    maps = np.stack((columns, rows), -1) + flow.astype(np.float32)
    return cv2.remap(picture, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


if __name__ == "__main__":
    run_command(main, Config, LimitOptions)
