"""What a film says about itself: that it is synthetic, by which model, and since when.

| format | where |
| --- | --- |
| mp4 | the tag `comment`, and an XMP packet |
| webm | the tag `COMMENT` |
| webp | an XMP packet |
| gif | a comment |

The XMP packet names the digital source type of the IPTC, the term that C2PA's manifests use as
well: a film that a trained algorithm made, or with which it was composed.
"""

from __future__ import annotations

import dataclasses
import os
import struct
import time
import uuid
from pathlib import Path
from xml.sax.saxutils import escape

TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MADE, COMPOSED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
# Of XMP in files of the ISO base media format.
XMP_BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")
# Of the WebP container: where the chunk with features lies, and its bit for XMP.
FIRST_CHUNK, XMP_BIT = 12, 4


def today() -> str:
    """The day in Greenwich, or that of $SOURCE_DATE_EPOCH, which makes files reproducible."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = float(seconds) if seconds.isdecimal() else time.time()
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


@dataclasses.dataclass(frozen=True)
class Provenance:
    """How a film came to be.

    Attributes:
      program: what made it, with its version.
      model: name of the weights; "" where it is not known.
      composed: only a part of each picture is synthetic.
      day: when, such as 2030-12-31; that of $SOURCE_DATE_EPOCH if it is set, else today.
    """

    program: str
    model: str = ""
    composed: bool = False
    day: str = dataclasses.field(default_factory=today)

    @property
    def text(self) -> str:
        """A sentence for people."""
        what = (
            "partly synthetic film: somebody in a picture was"
            if self.composed
            else "synthetic film: a picture,"
        )
        by = f"{self.program} with the model {self.model}" if self.model else self.program
        return f"This is a {what} animated by {by} on {self.day}. What it shows did not happen."

    @property
    def xmp(self) -> bytes:
        """An XMP packet."""
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
            'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
            f"<xmp:CreatorTool>{escape(self.program)}</xmp:CreatorTool>"
            f"<xmp:CreateDate>{self.day}</xmp:CreateDate>"
            f"<Iptc4xmpExt:DigitalSourceType>{TERMS}{COMPOSED if self.composed else MADE}"
            "</Iptc4xmpExt:DigitalSourceType>"
            '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">'
            f"{escape(self.text)}</rdf:li></rdf:Alt></dc:description>"
            "</rdf:Description></rdf:RDF></x:xmpmeta>"
            '<?xpacket end="r"?>'
        ).encode()


def add_note(path: Path, container: str, note: Provenance, width: int, height: int) -> None:
    """Adds to a finished file what FFmpeg does not write.

    Args:
      path: of the file.
      container: name of its format.
      note: what to add.
      width: of its pictures in pixels.
      height: likewise.
    """
    if container == "mp4":
        content = XMP_BOX.bytes + note.xmp
        with open(path, "ab") as file:
            file.write(struct.pack(">I4s", len(content) + 8, b"uuid") + content)
    elif container == "webp":
        path.write_bytes(webp_with_xmp(path.read_bytes(), note.xmp, width, height))
    elif container == "gif":
        text = note.text.encode("ascii", "replace")
        parts = [text[i : i + 255] for i in range(0, len(text), 255)]
        blocks = b"".join(bytes([len(part)]) + part for part in parts)
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)  # Its last byte says that it ends.
            file.write(b"\x21\xfe" + blocks + b"\x00\x3b")


def webp_with_xmp(content: bytes, packet: bytes, width: int, height: int) -> bytes:
    """A WebP file with an XMP packet as its last chunk."""
    chunks = bytearray(content[FIRST_CHUNK:])
    if chunks[:4] != b"VP8X":
        # A single opaque picture has no chunk with features yet.
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks[:0] = b"VP8X" + struct.pack("<II", 10, 0) + sides
    chunks[8] |= XMP_BIT
    chunks += b"XMP " + struct.pack("<I", len(packet)) + packet + b"\x00" * (len(packet) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + bytes(chunks)
