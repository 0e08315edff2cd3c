"""What the local server is told."""

from __future__ import annotations

import dataclasses

from maskanim_tf.config import Section, option
from maskanim_tf.inference.precision import AUTO, PRECISIONS


@dataclasses.dataclass(frozen=True)
class ServeOptions(Section):
    """Options of the command."""

    model_base_path: str = option("models/maskanim", "folder that holds a folder per version")
    model_name: str = option("maskanim", "name of the model in addresses")
    host: str = option(
        "127.0.0.1", "address to listen on; anything else lets others in, without any protection"
    )
    port: int = option(8501, "of REST; 0 for any free one", minimum=0, maximum=65535)
    grpc_port: int = option(-1, "of gRPC; 0 for any free one, -1 for none", minimum=-1)
    precision: str = option(
        AUTO, "that models must have, decided at their export; auto: any", choices=PRECISIONS
    )
    version_labels: tuple[str, ...] = option((), "names of versions, such as stable:1,canary:2")
    num_versions: int = option(1, "how many of the newest versions are served", minimum=1)
    poll_seconds: float = option(1.0, "between looks for new versions", above=0)
    settle_seconds: float = option(
        2.0, "how long a new version must not have changed before it is loaded", minimum=0
    )
    threads: int = option(2, "requests that are computed at once", minimum=1)
    queue_length: int = option(128, "requests that are computed or wait", minimum=1)
    request_timeout: float = option(60.0, "seconds until a request is given up", above=0)
    idle_timeout: float = option(
        30.0, "seconds that a connection may take to send the head of a request", above=0
    )
    max_request_mb: int = option(64, "largest request in MiB", minimum=1, maximum=2047)
    max_pixels: int = option(50_000_000, "most pixels of an encoded picture", minimum=1)
    certificate: str = option(
        "",
        "PEM file of a certificate, for HTTPS: browsers give a camera to other machines so alone",
    )
    private_key: str = option("", "PEM file of its key; by default in the same file")
    page_animations: int = option(
        4, "animations and cameras of the page at once; 0 for no page", minimum=0
    )
    page_results: int = option(16, "finished videos that the page keeps", minimum=1)
    page_result_seconds: float = option(1800.0, "how long it keeps them", above=0)
    page_hosts: tuple[str, ...] = option(
        (), "names, besides those of this machine, that the page may be opened under"
    )
    grace_seconds: float = option(10.0, "time for open requests when it is stopped", minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_labels(self.version_labels)

    @property
    def request_bytes(self) -> int:
        """The largest request in bytes."""
        return self.max_request_mb << 20


def parse_labels(texts: tuple[str, ...]) -> dict[str, int]:
    """Versions by label. Raises ValueError where a text is not `label:version`."""
    labels = {}
    for text in texts:
        label, _, version = text.partition(":")
        if not label or not version.isdecimal():
            raise ValueError(f"version_labels has {text!r}, but must be like stable:1,canary:2")
        labels[label] = int(version)
    return labels
