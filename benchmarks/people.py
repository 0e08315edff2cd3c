"""Prints how fast synthetic people are drawn, what they cost in memory, and how real they look.

`python benchmarks/people.py`: frames per second of one core (by the processor's time, so that other
programs do not disturb) with the share of each stage; `--tiny_clips=1000` how memory grows over
that many clips; `--checked_clips=60` how often MediaPipe's face mesh finds the face, and how far
eight of its points lie from ours.
"""

from __future__ import annotations

import cProfile
import dataclasses
import pstats
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option

# Outer and inner corner of the right eye, of the left one, tip of the nose, corners of the mouth,
# chin: in the usual 68 points, and in MediaPipe's mesh.
_OURS = (36, 39, 42, 45, 30, 48, 54, 8)
_THEIRS = (33, 133, 362, 263, 4, 61, 291, 152)
_FRONTAL = 60.0
_STAGES = {
    "shape": "random_shape",
    "looks": "appearance.py:__init__",
    "scene": "scene.py:__init__",
    "motion": "motion.py:__init__",
    "camera": "camera.py:__init__",
    "pose": "pose.py:pose",
    "picture": "renderer.py:render",
    "visibility": "visible_points",
    "video": "write_video",
    "ground truth file": "write_truth",
}


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    sizes: tuple[int, ...] = option((256, 128), "of the frames in pixels", minimum=64)
    clips: int = option(8, "for each size", minimum=0)
    frames: int = option(50, "of each clip", minimum=2)
    tiny_clips: int = option(0, "clips of two frames, for memory", minimum=0)
    checked_clips: int = option(0, "clips that MediaPipe looks at", minimum=0)
    seed: int = option(7, "of the data set", minimum=0)


def main(options: BenchmarkOptions) -> None:
    for size in options.sizes if options.clips else ():
        _speed(options, size)
    if options.tiny_clips:
        _memory(options)
    if options.checked_clips:
        _faces(options)


def _speed(options: BenchmarkOptions, size: int) -> None:
    import cv2

    from maskanim_tf.people.people_dataset import DatasetParameters, write_clip

    cv2.setNumThreads(1)  # as in the processes that write data sets
    with tempfile.TemporaryDirectory() as folder:
        warm = DatasetParameters(size=size, frames=2, seed=options.seed)
        write_clip(folder, warm, "train", 10_000, 10_000)
        parameters = dataclasses.replace(warm, frames=options.frames)
        # Other persons for each size: looks are kept for the next clips of the same person.
        numbers = [(size + index, index) for index in range(options.clips)]
        start = time.process_time()
        for person, motion in numbers:
            write_clip(folder, parameters, "train", person, motion)
        spent = time.process_time() - start
        profile = cProfile.Profile(time.process_time)
        for person, motion in numbers[:4]:
            profile.runcall(write_clip, folder, parameters, "train", person + 5000, motion)
    frames = options.clips * options.frames
    print(f"{size}: {frames / spent:.1f} frames per second and core")
    total = 0.0
    everything = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(entry[2] for entry in everything.values())
    for label, wanted in _STAGES.items():
        share = sum(
            entry[3] / whole
            for (file, _, function), entry in everything.items()
            if wanted in (f"{Path(file).name}:{function}", function)
        )
        total += share
        print(f"  {label:18} {100 * share:5.1f} %")
    print(f"  {'rest':18} {100 * (1 - total):5.1f} %", flush=True)


def _memory(options: BenchmarkOptions) -> None:
    from maskanim_tf.people.person_clip import ClipOptions, make_clip

    tiny = ClipOptions(size=64, frames=2)
    for index in range(options.tiny_clips + 1):
        make_clip(options.seed, index, index, tiny)
        if index % max(1, options.tiny_clips // 10) == 0:
            with open("/proc/self/statm", encoding="ascii") as file:
                pages = int(file.read().split()[1])
            print(f"{index} clips: {pages * resource.getpagesize() / 2**20:.0f} MiB", flush=True)


def _faces(options: BenchmarkOptions) -> None:
    from maskanim_tf.evaluation.mediapipe_points import MediaPipePoints
    from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE
    from maskanim_tf.people.person_clip import ClipOptions, make_clip

    finder = MediaPipePoints("face")
    asked = found = 0
    distances = []
    for index in range(options.checked_clips):
        clip = make_clip(options.seed, index, index, ClipOptions(frames=12, fps=5.0))
        towards = [_angle(clip, frame) <= _FRONTAL for frame in range(len(clip.frames))]
        points = finder.detect(clip.frames[towards])
        scale = clip.frames.shape[1]
        ours = clip.points[towards][:, _OURS]
        theirs = points.positions[:, _THEIRS] * (scale / KEYPOINT_SIDE)
        seen = points.found[:, 0]
        between = clip.points[towards][:, 36:48].reshape(-1, 2, 6, 2).mean(axis=2)
        unit = np.linalg.norm(between[:, 0] - between[:, 1], axis=1)[:, None]
        distance = np.linalg.norm(ours - theirs, axis=2) / unit
        asked += len(seen)
        found += int(seen.sum())
        distances.append(distance[seen])
        if not seen.all():
            print(f"  {clip.name}: not found in {(~seen).sum()} of {len(seen)} frames")
    every = np.concatenate(distances)
    print(
        f"face found in {found} of {asked} frames within {_FRONTAL:.0f} degrees of frontal "
        f"({100 * found / asked:.1f} %)"
    )
    names = "right eye outer, inner; left eye inner, outer; nose; mouth right, left; chin"
    medians = " ".join(f"{value:.3f}" for value in np.median(every, axis=0))
    print(f"median distance {np.median(every):.3f} inter-ocular distances; {names}: {medians}")


def _angle(clip, frame: int) -> float:  # type: ignore[no-untyped-def]
    """Between the direction of the face and the one to the camera, in degrees."""
    points = clip.points_3d[frame]
    right, left = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    across, up = left - right, points[27] - points[8]
    facing = np.cross(across, up)
    matrix = clip.cameras[frame].astype(np.float64)
    # The camera stands where the first, second and fourth row of its matrix vanish.
    eye = np.linalg.solve(matrix[[0, 1, 3], :3], -matrix[[0, 1, 3], 3])
    direction = eye - (right + left) / 2
    cosine = facing @ direction / (np.linalg.norm(facing) * np.linalg.norm(direction))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
