"""Opens and decodes damaged videos and pictures, and prints what became of them.

`python benchmarks/fuzz_media.py` makes small films of eight containers and codecs and pictures of
six formats, still and moving, damages copies of them (flipped bits, cut ends, foreign headers,
zeroed blocks; the seed is fixed) and reads each as a user's file would be, in child processes with
limits on time and memory. Each must be read or refused by one error that names it; a crash, a hang,
a traceback or any other error is printed, its file kept on demand, and the exit status is 1.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option

BATCH = 25
MEMORY = 4 << 30
SIDE = 64
# Suffix, encoder, pixel format, options of the encoder; sound beside the first.
VIDEOS = {
    "h264.mp4": ("libx264", "yuv420p", {"bf": "2", "g": "12"}),
    "h265.mkv": ("libx265", "yuv420p", {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    "vp8.webm": ("libvpx", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.avi": ("mpeg4", "yuv420p", {"qscale": "3"}),
    "prores.mov": ("prores_ks", "yuva444p10le", {}),
    "palette.gif": ("gif", "rgb8", {}),
    "av1.mp4": ("libsvtav1", "yuv420p", {"preset": "12", "svtav1-params": "lp=1"}),
}
PICTURES = ("png", "jpg", "webp", "bmp", "tif", "avif")
ANIMATIONS = ("png", "webp", "gif", "avif")


@dataclasses.dataclass(frozen=True)
class FuzzOptions(Section):
    """Options of the command."""

    videos: int = option(300, "damaged videos", minimum=0)
    pictures: int = option(200, "damaged pictures", minimum=0)
    seed: int = option(0, "of the damage", minimum=0)
    seconds: float = option(120.0, "time limit of 25 files", above=0)
    keep: str = option("", "folder for the files that failed; nothing is kept by default")
    read: str = option("", "read the files of this folder only (used internally)")


def main(options: FuzzOptions) -> None:
    if options.read:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        read_all(Path(options.read))
        return
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, wholes, number in (
            ("videos", make_videos(folder / "whole"), options.videos),
            ("pictures", make_pictures(folder / "whole"), options.pictures),
        ):
            rng = np.random.default_rng([options.seed, len(name)])
            files = [
                damage(wholes, i, rng, folder / name / f"{i // BATCH:03d}") for i in range(number)
            ]
            results = [
                r for part in sorted({f.parent for f in files}) for r in judge(part, options)
            ]
            counts = Counter(outcome for _, outcome, _ in results)
            print(
                f"{name}: {len(results)} files; " + ", ".join(f"{n} {o}" for o, n in counts.items())
            )
            for file, outcome, message in results:
                if outcome not in ("read", "refused"):
                    failed += 1
                    print(f"  {file.name}: {outcome}: {message}")
                    if options.keep:
                        Path(options.keep).mkdir(parents=True, exist_ok=True)
                        (Path(options.keep) / file.name).write_bytes(file.read_bytes())
    if failed:
        raise SystemExit(1)


def make_videos(folder: Path) -> list[Path]:
    """A second of video in every container and codec, the first one with sound."""
    import av

    os.environ.setdefault("SVT_LOG", "1")  # Errors only.
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    paths = []
    for name, (codec, pixels, settings) in VIDEOS.items():
        path = folder / name
        with av.open(str(path), "w") as container:
            film = container.add_stream(codec, rate=25)
            film.width = film.height = SIDE
            film.pix_fmt, film.options = pixels, settings
            sound = container.add_stream("aac", rate=8000) if name == "h264.mp4" else None
            if sound is not None:
                sound.codec_context.layout = "mono"
            for number in range(25):
                picture = np.ascontiguousarray(np.roll(noise, 2 * number, 1))
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
                container.mux(film.encode(frame))
            container.mux(film.encode())
            if sound is not None:
                samples = np.zeros((1, 8000), np.float32)
                frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                frame.sample_rate = 8000
                container.mux(sound.encode(frame))
                container.mux(sound.encode())
        paths.append(path)
    # As root, libsvtav1 takes real-time priority for the calling thread and all that it starts.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return paths


def make_pictures(folder: Path) -> list[Path]:
    """A picture in every format, and animations of four pictures."""
    import cv2
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    picture = cv2.GaussianBlur(noise, (0, 0), 2)
    frames = [Image.fromarray(np.roll(picture, 3 * shift, 1)) for shift in range(4)]
    paths = [folder / f"picture.{suffix}" for suffix in PICTURES]
    for path in paths:
        frames[0].save(path)
    moving = [folder / f"moving.{suffix}" for suffix in ANIMATIONS]
    for path in moving:
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=80)
    return paths + moving


def damage(wholes: Sequence[Path], number: int, rng: np.random.Generator, folder: Path) -> Path:
    """Writes a damaged copy of one of the files; kinds of damage and files take turns."""
    whole = wholes[number % len(wholes)]
    data = bytearray(whole.read_bytes())
    kind = number // len(wholes) % 4
    if kind == 0:
        # Headers are small: half of the flips go there.
        for _ in range(int(rng.integers(1, 30))):
            place = int(rng.integers(min(len(data), 400) if rng.random() < 0.5 else len(data)))
            data[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del data[int(rng.integers(len(data))) :]
    elif kind == 2:
        other = wholes[int(rng.integers(len(wholes)))].read_bytes()
        size = int(rng.integers(4, 300))
        data[:size] = other[:size]
    else:
        begin = int(rng.integers(len(data)))
        size = int(rng.integers(1, 500))
        data[begin : begin + size] = bytes(min(size, len(data) - begin))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:04d}-{whole.name}"
    path.write_bytes(data)
    return path


def judge(folder: Path, options: FuzzOptions) -> list[tuple[Path, str, str]]:
    """What became of each file: read, refused (by an error that names it), or something worse."""
    results: list[tuple[Path, str, str]] = []
    waiting = sorted(folder.iterdir())
    while waiting:
        command = [sys.executable, __file__, f"--read={folder}"]
        try:
            child = subprocess.run(
                command, capture_output=True, text=True, timeout=options.seconds, check=False
            )
            output, ending = child.stdout, f"crash (status {child.returncode})"
            errors = child.stderr
        except subprocess.TimeoutExpired as error:
            output, ending, errors = _text(error.stdout), "hang", _text(error.stderr)
        for line in output.splitlines():
            name, outcome, message = json.loads(line)
            results.append((folder / name, outcome, message))
        done = {path for path, _, _ in results}
        left = [path for path in waiting if path not in done]
        if left:
            results.append((left[0], ending, errors[-300:]))
        for path in [*done, *left[:1]]:
            if path in waiting:
                waiting.remove(path)
                path.rename(path.with_name(f".{path.name}"))
    for path, _, _ in results:
        path.with_name(f".{path.name}").rename(path)
    return results


def read_all(folder: Path) -> None:
    """Reads every file of a folder and prints a line of JSON for each."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        try:
            read(path)
            outcome, message = "read", ""
        except (ValueError, OSError) as error:
            message = str(error)
            named = path.name in message
            outcome = "refused" if named else f"unnamed {type(error).__name__}"
        except Exception as error:
            outcome, message = f"traceback {type(error).__name__}", str(error)
        print(json.dumps([path.name, outcome, message]), flush=True)


def read(path: Path) -> None:
    """Opens a file as a source and as a driver, with all its frames, times and sound."""
    import av

    from maskanim_tf.media.clips import clip_timing, read_frames
    from maskanim_tf.media.footage import claimed_pixels, open_footage
    from maskanim_tf.media.sound import open_sound

    claimed_pixels(path)
    footage = open_footage(path)
    clip = footage.clip
    count = 0
    for frame in footage.frames():
        assert frame.shape == (clip.height, clip.width, 3)
        count += 1
    assert count == clip.frames
    if clip.kind != "picture":
        read_frames(clip, [clip.frames - 1, clip.frames // 2, 0])
    clip_timing(clip)
    with open_sound(clip, True) as sound:
        if sound is not None:
            with av.open(os.devnull, "w", format="mp4") as output:
                sound.attach(output)
                sound.finish(10)


def _text(output: bytes | str | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


if __name__ == "__main__":
    run_command(main, FuzzOptions)
