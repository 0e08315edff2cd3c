"""HTTPS for the local server: browsers give the camera to no other page of another machine."""

from __future__ import annotations

import ssl


def tls_context(certificate: str, private_key: str) -> ssl.SSLContext | None:
    """What encrypts connections; None without a certificate.

    Args:
      certificate: path of a PEM file.
      private_key: that of its key; empty where the certificate's file holds it.

    Raises:
      ValueError: a file is missing, or they do not belong together.
    """
    if not certificate:
        if private_key:
            raise ValueError("there is a private_key alone; give --certificate=FILE, too")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # A key with a password is refused rather than asked for.
        context.load_cert_chain(certificate, private_key or None, password="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise ValueError(
            f"certificate {certificate} and its key {private_key or '(in the same file)'} cannot "
            f"be used ({reason}); both must be PEM files without a password"
        ) from error
    return context
