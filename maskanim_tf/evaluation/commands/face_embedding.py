"""`python -m maskanim_tf.evaluation.commands.face_embedding --output=out/face.onnx`.

Makes the network that AED and CSIM of faces need. It is taken from a package on npm's registry and
does not come with this project; `maskanim_tf.evaluation.face_network` says whose it is.
"""

from __future__ import annotations

import dataclasses

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.evaluation.face_network import FEATURES, PACKAGE, SIZE, build_model, read_weights
from maskanim_tf.storage.files import atomic_path


@dataclasses.dataclass(frozen=True)
class FaceEmbeddingOptions(Section):
    """Options of the command."""

    output: str = option("out/face.onnx", "file to write, ending in .onnx")
    package: str = option("", "archive that npm pack made; by default npm's registry is asked")


def main(options: FaceEmbeddingOptions) -> None:
    """Writes the file and says how it is used."""
    if not options.output.endswith(".onnx"):
        raise ValueError(f"output is {options.output!r}, but must end in .onnx")
    model = build_model(read_weights(PACKAGE.read(options.package, "package")))
    with atomic_path(options.output) as partial:
        partial.write_bytes(model.SerializeToString())
    print(f"{options.output}: {FEATURES} features of a face, from {PACKAGE.name} {PACKAGE.version}")
    print(
        f"give evaluations: --embedding={options.output} --embedding_size={SIZE} "
        "--embedding_normalization=bytes --embedding_crop=face"
    )


if __name__ == "__main__":
    run_command(main, FaceEmbeddingOptions)
