"""`maskanim COMMAND --option=value …`: every command of the project under one name.

Each is a module that `python -m` starts as well.
"""

from __future__ import annotations

import runpy
import sys

from maskanim_tf import __version__

GROUPS = {
    "Animate": {
        "animate": ("maskanim_tf.animate", "a picture moves like a video"),
        "live": ("maskanim_tf.live", "a picture moves like you in front of a camera"),
        "template": ("maskanim_tf.template", "a driver as its masks, small and without its face"),
        "personalize": ("maskanim_tf.personalize", "weights for one subject, from its videos"),
        "demo": ("maskanim_tf.demo", "a portrait that speaks, on embedded data"),
    },
    "Data": {
        "sheet": ("maskanim_tf.data.sheet", "a picture of what training will see of a folder"),
        "prepare": ("maskanim_tf.data.prepare", "videos become shards, cut and scaled"),
        "fomm-tables": (
            "maskanim_tf.data.prepare.fomm_tables",
            "published crops of Tai-Chi-HD and VoxCeleb, for prepare",
        ),
        "people": ("maskanim_tf.people", "videos of synthetic people, with ground truth"),
        "puppets": ("maskanim_tf.puppets", "videos of puppets, with ground truth"),
    },
    "Train and measure": {
        "train": ("maskanim_tf.train", "trains on videos"),
        "reconstruct": ("maskanim_tf.evaluation.commands.reconstruct", "makes test clips again"),
        "score": ("maskanim_tf.evaluation.commands.score", "measures videos of any program"),
        "face-embedding": (
            "maskanim_tf.evaluation.commands.face_embedding",
            "a network for AED and CSIM of faces",
        ),
        "ablation": ("maskanim_tf.evaluation.commands.ablation", "what each part is good for"),
        "study make": (
            "maskanim_tf.evaluation.commands.study_make",
            "a page on which people compare films of several methods",
        ),
        "study tally": ("maskanim_tf.evaluation.commands.study_tally", "what they chose"),
        "convert-weights": ("maskanim_tf.convert_weights", "weights in half the space"),
    },
    "Export and serve": {
        "export-saved-model": ("maskanim_tf.export.saved_model", "for TensorFlow Serving"),
        "export-tflite": ("maskanim_tf.export.tflite", "for phones, in 32, 16 or 8 bits"),
        "export-onnx": ("maskanim_tf.export.onnx", "for ONNX Runtime"),
        "export-ncnn": ("maskanim_tf.export.ncnn", "for ncnn"),
        "export-web": ("maskanim_tf.export.web", "a page that animates in the browser alone"),
        "run": ("maskanim_tf.export.run", "a picture moves like a video, by exported files"),
        "serve": ("maskanim_tf.serving.local", "page, REST and gRPC on this machine"),
        "client": ("maskanim_tf.serving.client", "a picture moves like a video, by a server"),
    },
}
EXPORT, STUDY = "export", "study"
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}


def main() -> None:
    """Runs the command that the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name == EXPORT:
        name = export_command()
    elif name == STUDY:
        name = study_command()
    if name in ("--help", "-h", "help"):
        print(help_page())
    elif name == "--version":
        print(__version__)
    elif name in COMMANDS:
        sys.argv = [f"maskanim {name}", *sys.argv[2:]]
        runpy.run_module(COMMANDS[name][0], run_name="__main__", alter_sys=True)
    else:
        print(
            f"error: there is no command {name!r}; maskanim --help lists all of them",
            file=sys.stderr,
        )
        sys.exit(2)


def export_command() -> str:
    """The command that `export --format=NAME` means; takes the format off the command line."""
    formats = [each for each in sys.argv if each.startswith("--format=")]
    names = [name.removeprefix(f"{EXPORT}-") for name in COMMANDS if name.startswith(f"{EXPORT}-")]
    wanted = formats[-1].partition("=")[2].replace("_", "-") if formats else ""
    if wanted not in names:
        print(f"error: {EXPORT} needs --format=NAME, one of {', '.join(names)}", file=sys.stderr)
        sys.exit(2)
    sys.argv = [each for each in sys.argv if each not in formats]
    return f"{EXPORT}-{wanted}"


def study_command() -> str:
    """The command that `study make` or `study tally` means; takes its second word away."""
    words = [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{STUDY} ")]
    if len(sys.argv) < 3 or sys.argv[2] not in words:
        print(f"error: {STUDY} needs one more word, {' or '.join(words)}", file=sys.stderr)
        sys.exit(2)
    return f"{STUDY} {sys.argv.pop(2)}"


def help_page() -> str:
    """All commands, by what they are for."""
    lines = ["Animates a picture by a video, and all that belongs to it: maskanim COMMAND --help"]
    width = max(map(len, COMMANDS))
    for group, commands in GROUPS.items():
        lines += ["", group]
        lines += [f"  {name:{width}}  {what}" for name, (_, what) in commands.items()]
    lines += [
        "",
        "First try:  maskanim animate --source=me.png --driving=dance.mp4 --output=out/me.mp4",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
