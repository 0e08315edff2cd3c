"""Animates a picture by a video on a server.

`python -m serving.client --source=me.png --driving=dance.mp4 --output=out/result.mp4` asks a server
of TensorFlow Serving, by default the local one; `--server=grpc://localhost:8500` uses gRPC. Writes
what `python -m maskanim_tf.animate` would, with the same options.
"""

from __future__ import annotations

import dataclasses

from maskanim_tf.animation.jobs import run_job
from maskanim_tf.animation.options import AnimationOptions, FootageOptions
from maskanim_tf.commands import run_command
from maskanim_tf.config import option
from maskanim_tf.serving.rest_client import RestClient
from maskanim_tf.serving.server_generator import Client, ServerGenerator

REST, GRPC = ("http://", "https://"), ("grpc://", "grpcs://")


@dataclasses.dataclass(frozen=True)
class ClientOptions(FootageOptions):
    """The server, and how it is asked."""

    server: str = option(
        "http://localhost:8501", "address: http:// or https:// for REST, grpc:// or grpcs://"
    )
    model: str = option("maskanim", "name of the model on the server")
    model_version: int = option(0, "version of the model, 0 for the newest", minimum=0)
    model_label: str = option("", "label of a version, instead of its number")
    concurrency: int = option(2, "requests that are open at once", minimum=1)
    timeout: float = option(60.0, "seconds until a request is given up", above=0)
    attempts: int = option(6, "how often a request is tried", minimum=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.server.startswith(REST + GRPC):
            raise ValueError(
                f"server is {self.server!r}, but must begin with {' or '.join(REST + GRPC)}"
            )
        if self.model_version and self.model_label:
            raise ValueError(
                f"model_version is {self.model_version} and model_label {self.model_label!r}; give "
                "only one of them"
            )


def main(options: ClientOptions, animation: AnimationOptions) -> None:
    """Writes the animation."""

    def reach() -> ServerGenerator:
        return ServerGenerator(connect(options), options.attempts, options.concurrency)

    run_job(reach, options, animation)


def connect(options: ClientOptions) -> Client:
    """The client for an address; connects with the first request."""
    which = (options.model, options.model_version, options.model_label, options.timeout)
    if options.server.startswith(REST):
        return RestClient(options.server, *which, connections=options.concurrency)
    # Loads TensorFlow, which REST does without.
    from maskanim_tf.serving.grpc_client import GrpcClient

    scheme, _, address = options.server.partition("://")
    return GrpcClient(address, *which, encrypted=scheme == "grpcs")


if __name__ == "__main__":
    run_command(main, ClientOptions, AnimationOptions)
