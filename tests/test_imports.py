"""The direction of imports: a package may import only those that stand before it."""

import ast
from collections import Counter

import pytest

from tests.helpers import REPOSITORY

ORDER = (
    ("maskanim_tf.keys", "maskanim_tf.interrupts", "maskanim_tf.config"),
    ("maskanim_tf.ops",),
    ("maskanim_tf.storage",),
    ("maskanim_tf.engine",),
    ("maskanim_tf.media",),
    ("maskanim_tf.puppets", "maskanim_tf.people", "maskanim_tf.samples"),
    ("maskanim_tf.data",),
    ("maskanim_tf.models",),
    ("maskanim_tf.losses",),
    ("maskanim_tf.training",),
    ("maskanim_tf.inference",),
    ("maskanim_tf.animation",),
    ("maskanim_tf.evaluation",),
    ("maskanim_tf.predictor",),
    (
        "maskanim_tf.animate",
        "maskanim_tf.convert_weights",
        "maskanim_tf.demo",
        "maskanim_tf.live",
        "maskanim_tf.personalize",
        "maskanim_tf.template",
        "maskanim_tf.train",
    ),
    ("maskanim_tf.export",),
    ("maskanim_tf.serving",),
    ("maskanim_tf.console",),
)
# Of one level, but strangers to each other.
APART = (
    ("maskanim_tf.puppets", "maskanim_tf.people"),
    ("maskanim_tf.people", "maskanim_tf.puppets"),
    *(
        (user, learner)
        for user in (
            "maskanim_tf.inference",
            "maskanim_tf.animation",
            "maskanim_tf.evaluation",
            "maskanim_tf.export",
            "maskanim_tf.serving",
        )
        for learner in ("maskanim_tf.losses", "maskanim_tf.training")
    ),
    ("maskanim_tf.serving", "maskanim_tf.models"),
)
# Folders of the repository by their packages; those inside of the first are links.
FOLDERS = {
    "maskanim_tf": "maskanim_tf",
    "maskanim_tf.export": "export",
    "maskanim_tf.serving": "serving",
}
# What reads the command line; programs alone may import it.
COMMAND_LINE = ("maskanim_tf.commands", "maskanim_tf.flag_help", "maskanim_tf.flags")


def is_in(module, package):
    return module == package or module.startswith(package + ".")


def rank(module):
    for index, group in enumerate(ORDER):
        if any(is_in(module, name) for name in group):
            return index
    raise AssertionError(f"{module} has no place in the order of packages")


def modules():
    for package, folder in FOLDERS.items():
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            parts = path.relative_to(REPOSITORY / folder).with_suffix("").parts
            name = ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))
            if name != "maskanim_tf":
                yield name, path


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def all_imports():
    """(name, target) of every import in the packages."""
    return [(name, target) for name, path in modules() for target in imported(path)]


def programs():
    return [name for name, path in modules() if '__name__ == "__main__"' in path.read_text()]


def test_imports_go_one_way():
    seen = 0
    for name, target in all_imports():
        # Installed, they have no other name than that inside of the package.
        assert target.split(".")[0] not in ("export", "serving"), f"{name} imports {target}"
        if (
            target.split(".")[0] != "maskanim_tf"
            or target == "maskanim_tf.__version__"
            or any(is_in(each, one) for each in (name, target) for one in COMMAND_LINE)
        ):
            continue
        seen += 1
        assert rank(target) <= rank(name), f"{name} imports {target}, which stands after it"
        for one, other in APART:
            assert not (is_in(name, one) and is_in(target, other)), f"{name} imports {target}"
    assert seen > 500


def test_libraries_know_nothing_of_the_command_line():
    running = programs()
    assert "maskanim_tf.animate" in running
    assert "maskanim_tf.serving.client" in running
    for name, target in all_imports():
        if name in running or name in COMMAND_LINE:
            continue
        for forbidden in (*COMMAND_LINE, "absl", *running):
            assert not is_in(target, forbidden), f"{name} imports {target}"


# Every command has a `__main__.py` or is one of these itself.
SHARED_NAMES = ("__init__", "__main__")


def test_no_two_files_have_one_name():
    count = Counter(path.stem for _, path in modules())
    assert {name for name, times in count.items() if times > 1} <= set(SHARED_NAMES)


DOORS = {
    "absl": ("maskanim_tf.commands", "maskanim_tf.flags"),
    "tensorflow_addons": ("maskanim_tf.ops.addons",),
    "tensorflow_io": ("maskanim_tf.storage.tensorflow_store",),
    "fsspec": ("maskanim_tf.storage.fsspec_store",),
    "s3fs": ("maskanim_tf.storage.fsspec_store",),
    "apache_beam": ("maskanim_tf.engine",),
    "dask": ("maskanim_tf.engine",),
    "distributed": ("maskanim_tf.engine",),
    "mediapipe": ("maskanim_tf.media.faces",),
    "pyvirtualcam": ("maskanim_tf.animation.live.sinks",),
    "moderngl": (
        "maskanim_tf.people.graphics",
        "maskanim_tf.people.renderer",
        "maskanim_tf.people.drawn_body",
    ),
    "PIL": (
        "maskanim_tf.media.pictures",
        "maskanim_tf.media.plain_png",
        "maskanim_tf.media.picture_colors",
        "maskanim_tf.media.animations",
    ),
    "ai_edge_litert": ("maskanim_tf.ops.litert",),
    "onnxruntime": ("maskanim_tf.evaluation.image_model", "maskanim_tf.export.onnx_runtime"),
    "ncnn": ("maskanim_tf.export.ncnn_runtime",),
    "tf2onnx": ("maskanim_tf.export.onnx_graph",),
    "tensorflow_serving": ("maskanim_tf.export.warmup", "maskanim_tf.serving.api"),
    "grpc": ("maskanim_tf.serving.api",),
    "aiohttp": (
        "maskanim_tf.serving.rest",
        "maskanim_tf.serving.local",
        "maskanim_tf.serving.page.frame_socket",
        "maskanim_tf.serving.page.routes",
        "maskanim_tf.serving.page.upload",
    ),
}


@pytest.mark.parametrize("package", DOORS)
def test_packages_have_one_door(package):
    users = {name for name, target in all_imports() if is_in(target, package)}
    assert users <= set(DOORS[package])
