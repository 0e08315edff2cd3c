"""Who may ask: pages of other sites may not use a server that only listens to this machine.

A foreign page could send a form to `http://localhost:8501`, or open a WebSocket (its `Origin` gives
it away), or have its own name resolve to 127.0.0.1 after it was loaded (its `Host` does). Programs
other than browsers send no `Origin` and are let through.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from maskanim_tf.serving.contract import ServingError

# Every answer of the page. Only its own files are run, shown or asked for.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Checks the headers of requests.

    Args:
      names: of hosts, besides those of this machine, that the page may be opened under.
    """

    def __init__(self, names: Iterable[str]):
        self._names = {name.lower() for name in ("localhost", socket.gethostname(), *names)}

    def check(self, method: str, headers: Mapping[str, str]) -> None:
        """Raises ServingError for a request that a page of another site may have sent."""
        host = headers.get("Host", "")
        if not self._is_ours(host):
            raise _refused(
                f"the page is not served under the name {host!r}; open it as localhost, or start "
                "the server with --page_hosts=NAME"
            )
        origin = headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        acts = method == "POST" or "Upgrade" in headers
        if acts and (foreign or headers.get("Sec-Fetch-Site") == "cross-site"):
            raise _refused("the request comes from the page of another site")

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            # Nobody can make an address resolve to another one.
            ipaddress.ip_address(name)
            return True
        except ValueError:
            return name in self._names or name.endswith(".localhost")


def _refused(message: str) -> ServingError:
    return ServingError("PERMISSION_DENIED", message)
