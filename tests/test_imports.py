"""The direction of imports: a package may import only those that stand before it."""

import ast

from tests.helpers import REPOSITORY

ORDER = (
    ("maskanim_tf.names", "maskanim_tf.files"),
    (
        "maskanim_tf.config",
        "maskanim_tf.flags",
        "maskanim_tf.flag_help",
        "maskanim_tf.commands",
        "maskanim_tf.storage",
    ),
    ("maskanim_tf.ops",),
    ("maskanim_tf.media",),
    ("maskanim_tf.data",),
    ("maskanim_tf.people",),
    ("maskanim_tf.models",),
    ("maskanim_tf.inference",),
    ("maskanim_tf.losses",),
    ("maskanim_tf.training",),
    (
        "maskanim_tf.evaluation",
        "maskanim_tf.animation",
        "maskanim_tf.animate",
        "maskanim_tf.compact",
        "maskanim_tf.demo",
        "maskanim_tf.personalize",
    ),
    ("export",),
    ("serving",),
    ("train_main",),
)
OWN = ("maskanim_tf", "export", "serving")


def rank(module):
    for index, group in enumerate(ORDER):
        if any(module == name or module.startswith(name + ".") for name in group):
            return index
    raise AssertionError(f"{module} has no place in the order of packages")


def modules():
    for root in OWN:
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
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


def test_imports_go_one_way():
    seen = 0
    for name, path in modules():
        for target in imported(path):
            if target.split(".")[0] not in OWN or target in (
                "maskanim_tf",
                "maskanim_tf.__version__",
            ):
                continue
            if target.startswith("maskanim_tf.names") or rank(target) <= rank(name):
                seen += 1
                continue
            raise AssertionError(f"{name} imports {target}, which stands after it")
    assert seen > 20


def test_serving_shares_no_model_code():
    for name, path in modules():
        if name.startswith("serving"):
            for target in imported(path):
                assert not target.startswith("maskanim_tf.models"), f"{name} imports {target}"


DOORS = {
    "tensorflow_addons": ("maskanim_tf.ops.addons",),
    "tensorflow_io": ("maskanim_tf.data.remote",),
    "absl.flags": ("maskanim_tf.flags",),
    "mediapipe": (
        "maskanim_tf.evaluation.mediapipe_points",
        "maskanim_tf.evaluation.segmentation",
    ),
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
    "ai_edge_litert": ("maskanim_tf.evaluation.image_model", "export.tflite_runtime"),
    "onnxruntime": ("maskanim_tf.evaluation.image_model", "export.onnx_runtime"),
    "ncnn": ("export.ncnn_runtime",),
    "tf2onnx": ("export.onnx_graph",),
    "tensorflow_serving": ("export.warmup", "serving.api"),
    "grpc": ("serving.api",),
    "aiohttp": ("serving.rest", "serving.local", "serving.page.routes", "serving.page.upload"),
}


def test_optional_packages_have_one_door():
    for name, path in modules():
        for target in imported(path):
            for package, doors in DOORS.items():
                if target == package or target.startswith(package + "."):
                    assert name in doors, f"{name} imports {target}"
