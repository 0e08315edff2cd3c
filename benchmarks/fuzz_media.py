"""Gives damaged videos and pictures to everything that takes a user's, and prints what came of it.

`python benchmarks/fuzz_media.py` makes small films of eight containers and codecs and pictures of
six formats, still and moving, damages copies of them (flipped bits, cut ends, foreign headers,
zeroed blocks; the seed is fixed) and takes each four ways, in child processes with limits on time
and memory: opened and decoded, indexed as training data, animated into a film, and sent to a local
server. Each must be taken or refused by one error that names it; a crash, a hang, a traceback, a
film that is there in spite of an error or any other outcome is printed, its file kept on demand,
and the exit status is 1.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.served_model import WEIGHTS, served, versions_folder
from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option

BATCH = 50
# Of addresses; TensorFlow takes some without using them.
MEMORY = 8 << 30
WAYS = ("read", "index", "animate", "server")
TAKEN, REFUSED = "taken", "refused"
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
    seconds: float = option(240.0, "time limit of 50 files", above=0)
    ways: tuple[str, ...] = option(WAYS, "what is done with each file", choices=WAYS)
    model: str = option(
        "", "folder of versions of a SavedModel; a small one is exported by default"
    )
    keep: str = option("", "folder for the files that failed; nothing is kept by default")
    read: str = option("", "take the files of this folder only (used internally)")
    server: str = option("", "address of its page (used internally)")


# File, way, outcome, message.
Result = tuple[Path, str, str, str]


def main(options: FuzzOptions) -> None:
    if options.read:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        take_all(Path(options.read), options)
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = None
        if "server" in options.ways:
            versions = versions_folder(options.model, folder / "exported")
            process, addresses = stack.enter_context(served(versions))
            options = options.replace(server=addresses["page"])
        failed = sum(
            not fuzz(name, make(folder / "whole"), number, folder, options)
            for name, make, number in (
                ("videos", make_videos, options.videos),
                ("pictures", make_pictures, options.pictures),
            )
        )
        if process is not None and process.poll() is not None:
            print(f"the server ended with status {process.returncode}")
            failed += 1
    if failed:
        raise SystemExit(1)


def fuzz(
    name: str, wholes: Sequence[Path], number: int, folder: Path, options: FuzzOptions
) -> bool:
    """Takes so many damaged copies, prints what became of them, and says whether all was well.

    There is a line after each part of the files, so that a run that is stopped tells what it saw.
    """
    rng = np.random.default_rng([options.seed, len(name)])
    files = [damage(wholes, i, rng, folder / name / f"{i // BATCH:03d}") for i in range(number)]
    results: list[Result] = []
    for part in sorted({file.parent for file in files}):
        results += judge(part, options)
        outcomes = dict(Counter(outcome for _, _, outcome, _ in results))
        print(f"{name}: {len({file for file, *_ in results})} so far; {outcomes}", flush=True)
    for way in options.ways:
        counts = Counter(outcome for _, each, outcome, _ in results if each == way)
        what = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        print(f"{name}, {way}: {sum(counts.values())} files; {what}")
    bad = [result for result in results if result[2] not in (TAKEN, REFUSED)]
    for file, way, outcome, message in bad:
        print(f"  {file.name}, {way}: {outcome}: {message}")
        if options.keep:
            Path(options.keep).mkdir(parents=True, exist_ok=True)
            (Path(options.keep) / file.name).write_bytes(file.read_bytes())
    return not bad


def make_videos(folder: Path) -> list[Path]:
    """A second of video in every container and codec, the first one with sound."""
    from tests.media.clip_files import write_video

    os.environ.setdefault("SVT_LOG", "1")  # Errors only.
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    frames = np.stack([np.roll(noise, 2 * number, 1) for number in range(25)])
    paths = []
    for name, (codec, pixels, settings) in VIDEOS.items():
        how = {"pixel_format": pixels, "options": settings, "sound": name == "h264.mp4"}
        paths.append(write_video(folder / name, frames, codec, **how))
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


def judge(folder: Path, options: FuzzOptions) -> list[Result]:
    """What became of each file, each way: taken, refused by name, or something worse."""
    results: list[Result] = []
    waiting = sorted(folder.iterdir())
    while waiting:
        command = [sys.executable, __file__, f"--read={folder}", f"--server={options.server}"]
        try:
            child = subprocess.run(
                [*command, f"--ways={','.join(options.ways)}"],
                capture_output=True,
                text=True,
                timeout=options.seconds,
                check=False,
            )
            output, ending = child.stdout, f"crash (status {child.returncode})"
            errors = child.stderr
        except subprocess.TimeoutExpired as error:
            output, ending, errors = _text(error.stdout), "hang", _text(error.stderr)
        for line in output.splitlines():
            name, way, outcome, message = json.loads(line)
            results.append((folder / name, way, outcome, message))
        # A file is done after its last way.
        done = {path for path, way, _, _ in results if way == options.ways[-1]}
        left = [path for path in waiting if path not in done]
        if left:
            tried = [way for path, way, _, _ in results if path == left[0]]
            results.append((left[0], options.ways[len(tried)], ending, errors[-300:]))
        for path in [*done, *left[:1]]:
            if path in waiting:
                waiting.remove(path)
                path.rename(path.with_name(f".{path.name}"))
    for path in {path for path, _, _, _ in results}:
        path.with_name(f".{path.name}").rename(path)
    return results


def take_all(folder: Path, options: FuzzOptions) -> None:
    """Takes every file of a folder every way and prints a line of JSON for each."""
    server = functools.partial(upload, options.server)
    takers = {"read": read, "index": index, "animate": animate, "server": server}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        for way in options.ways:
            try:
                takers[way](path)
                outcome, message = TAKEN, ""
            except (ValueError, OSError) as error:
                message = str(error)
                named = path.name in message
                outcome = REFUSED if named else f"unnamed {type(error).__name__}"
            except Exception as error:
                outcome, message = f"traceback {type(error).__name__}", str(error)
            print(json.dumps([path.name, way, outcome, message]), flush=True)


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


def index(path: Path) -> None:
    """Looks for training clips in a folder of this file alone."""
    from maskanim_tf.data.index import find_clips

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).symlink_to(path)
        find_clips(folder, strict=True)


@functools.cache
def animator() -> Any:
    """The embedded weights."""
    from maskanim_tf.predictor import load_animator

    return load_animator(WEIGHTS)


def animate(path: Path) -> None:
    """Animates a picture by the file, or the file by a film; nothing is left after an error."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        output.mkdir()
        picture, film = whole_pair(Path(folder))
        pair = (picture, path) if is_film(path) else (path, film)
        try:
            animator().animate_video(*pair, output / "film.mp4")
        except Exception:
            if left := os.listdir(output):
                raise AssertionError(f"{left} is there after an error") from None
            raise


def upload(server: str, path: Path) -> None:
    """Sends a file to the page, and a picture to the model as well."""
    import urllib3

    with tempfile.TemporaryDirectory() as folder:
        picture, film = whole_pair(Path(folder))
        pair = (picture, path) if is_film(path) else (path, film)
        fields = {
            name: (each.name, each.read_bytes()) for name, each in zip(("picture", "video"), pair)
        }
        # The limit of the child ends what hangs; urllib3's own is three seconds.
        ask = functools.partial(urllib3.request, "POST", retries=False, timeout=None)
        answer = ask(f"{server}animate", fields=fields)
        if answer.status >= 500:
            raise AssertionError(f"status {answer.status}: {answer.data[:300]!r}")
        # A stream of events, or one refusal.
        last = json.loads(answer.data.splitlines()[-1] if answer.status == 200 else answer.data)
        if is_film(path):
            _raise(last)
            return
        content = [
            {"b64": base64.b64encode(each.read_bytes()).decode()} for each in (path, picture)
        ]
        body = {
            "signature_name": "animate_bytes",
            "inputs": {"source_bytes": content[:1], "driving_bytes": content[1:]},
        }
        answer = ask(f"{server}v1/models/maskanim:predict", json=body)
        if answer.status not in (200, 400):
            raise AssertionError(f"status {answer.status}: {answer.data[:300]!r}")
        _raise(last)


def _raise(event: dict[str, Any]) -> None:
    if "error" in event:
        raise ValueError(event["error"])


def is_film(path: Path) -> bool:
    """Whether a damaged file was a film."""
    return path.name.partition("-")[2] in VIDEOS


def whole_pair(folder: Path) -> tuple[Path, Path]:
    """A picture and a film of two frames that nothing is wrong with."""
    import cv2

    from maskanim_tf.media.clip_writer import write_video
    from maskanim_tf.puppets import make_clip

    frames = make_clip(0, 0, size=SIDE, frames=2).frames
    picture, film = folder / "whole.png", folder / "whole.mp4"
    cv2.imwrite(str(picture), frames[0][..., ::-1])
    write_video(str(film), frames, 25.0)
    return picture, film


def _text(output: bytes | str | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


if __name__ == "__main__":
    run_command(main, FuzzOptions)
