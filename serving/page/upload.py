"""The form of the page: its fields, and its files under names of our own.

A file keeps the ending of its name, where that is a known one, since readers go by it; nothing else
that a client sends becomes part of a path.
"""

from __future__ import annotations

import dataclasses
import mimetypes
import os
import secrets
from collections.abc import Collection
from pathlib import Path

from aiohttp import BodyPartReader, web

from maskanim_tf.animation.templates import SUFFIX as TEMPLATE_SUFFIX
from maskanim_tf.media.clip import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from maskanim_tf.serving.contract import invalid
from maskanim_tf.serving.page.materials import Material

LONGEST_FIELD = 256
LONGEST_NAME = 80
CHUNK = 1 << 18


@dataclasses.dataclass(frozen=True)
class Form:
    """What was sent.

    Attributes:
      fields: text by name.
      files: by name.
    """

    fields: dict[str, str]
    files: dict[str, Material]


async def receive(
    request: web.Request,
    folder: Path,
    fields: Collection[str],
    files: Collection[str],
    limit: int,
) -> Form:
    """Reads a form of the type multipart/form-data.

    Args:
      request: whose body was not read yet.
      folder: that files are written into.
      fields: names of the texts that it may hold.
      files: names of the files.
      limit: most bytes of all files together.

    Raises:
      ServingError: it is no such form, or has other fields.
      web.HTTPRequestEntityTooLarge: it is too large.
      OSError: a file cannot be written.
    """
    length = request.content_length or 0
    too_large = web.HTTPRequestEntityTooLarge(
        limit,
        length,
        text=f"the files are too large: at most {limit >> 20} MiB together (--max_request_mb)",
    )
    if length > limit:
        raise too_large
    form = Form({}, {})
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name not in (*fields, *files):
                raise invalid(f"unknown field {getattr(part, 'name', None)!r}")
            if part.name in fields:
                text = await part.read_chunk(LONGEST_FIELD)
                form.fields[part.name] = text.decode("utf-8", "replace")
                continue
            kind = part.headers.get("Content-Type", "")
            material = named(part.filename or "", kind, folder)
            with material.path.open("wb") as file:
                while chunk := await part.read_chunk(CHUNK):
                    limit -= len(chunk)
                    if limit < 0:
                        raise too_large
                    file.write(chunk)
            # A browser sends an input without a file as an empty one.
            if material.path.stat().st_size or part.filename:
                form.files[part.name] = material
    except (ValueError, KeyError, AssertionError) as error:
        raise invalid("the request is no form of the type multipart/form-data") from error
    return form


def named(name: str, kind: str, folder: Path) -> Material:
    """A file in a folder, not yet made, for one that a client calls `name`, of a media type."""
    shown = os.path.basename(name.replace("\\", "/"))
    endings = [os.path.splitext(shown)[1].lower()]
    # Phones send names without an ending, but with a type.
    endings += mimetypes.guess_all_extensions(kind)
    suffixes = (*VIDEO_SUFFIXES, *PICTURE_SUFFIXES, TEMPLATE_SUFFIX)
    known = (ending for ending in endings if ending in suffixes)
    path = folder / f"{secrets.token_hex(8)}{next(known, '')}"
    return Material(path, shown[-LONGEST_NAME:] or "the file")
