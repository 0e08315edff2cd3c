"""One camera of the page: its frames over a WebSocket, and what becomes of them back.

| from | message | what |
| --- | --- | --- |
| client | text, once | JSON: `sample_picture`, or `picture`, the name of a file; perhaps `fit` |
| client | binary, once | that file, unless it is a sample |
| server | text, once | JSON: `event` is `start`; `size`, and `source` as base64 of a picture |
| client | binary | a number of four bytes, little-endian as all here, and a JPEG file |
| server | binary | the number, then `frame`, `driving_mask` and `refined_mask`: length, JPEG file |
| server | text | JSON: `event` is `error`; then it closes, with the reason once more |

Nothing is queued: a frame that comes while another is computed takes the place of the one that
waits, and is answered by number, so that a client knows which ones were left out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from aiohttp import WSMsgType, web

from maskanim_tf.export.saved_model_runtime import SignatureGenerator
from maskanim_tf.keys import DRIVING_MASK, FRAME, REFINED_MASK
from maskanim_tf.media.fitting import FITS, fit_square
from maskanim_tf.media.frame_bytes import decode_frame
from maskanim_tf.media.pictures import encoded_size
from maskanim_tf.ops.pixels import as_bytes
from maskanim_tf.serving.contract import ServingError, invalid
from maskanim_tf.serving.loaded_model import LoadedModel
from maskanim_tf.serving.page.animation import encode_picture
from maskanim_tf.serving.page.bridge import Bridge, StoppedError
from maskanim_tf.serving.page.materials import Material, open_material, plain_errors
from maskanim_tf.serving.page.upload import LONGEST_FIELD, named
from maskanim_tf.serving.serve_options import ServeOptions
from maskanim_tf.serving.work import WorkQueue

_log = logging.getLogger(__name__)

SHOWN = (FRAME, DRIVING_MASK, REFINED_MASK)
# A square JPEG of 1024 pixels has less.
FRAME_BYTES = 1 << 20
NUMBER = struct.Struct("<I")
JPEG_MARK = b"\xff\xd8"
# Colours are not halved: models are small enough to show it.
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 92, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111)
# Between looks whether a client is still there, and how long it may take to say goodbye.
HEARTBEAT_SECONDS = 20.0
GOODBYE_SECONDS = 2.0
# Until a frame is tried again whose place others have taken.
PAUSE_SECONDS = 0.05
# Why a connection ends, as RFC 6455 has it, by the code of an error; and the longest reason.
CLOSING = {"INVALID_ARGUMENT": 1008, "DEADLINE_EXCEEDED": 1008, "UNAVAILABLE": 1013}
STOPPING = 1001
FAILED = 1011
LONGEST_REASON = 123

Numbered = tuple[bytes, bytes]


class FrameSocket:
    """A picture that moves like a camera, over one connection.

    Args:
      model: with the signature `masks`.
      work: where it computes.
      bridge: to threads that read files; who stops it, stops the connection.
      options: of the server, of which some limit its use.
      find_sample: the picture of a sample; raises ServingError where there is none.
    """

    def __init__(
        self,
        model: LoadedModel,
        work: WorkQueue,
        bridge: Bridge,
        options: ServeOptions,
        find_sample: Callable[[str], Awaitable[Material]],
    ):
        self._generator = SignatureGenerator(model.run, *model.frame_shapes())
        self._work = work
        self._bridge = bridge
        self._options = options
        self._find_sample = find_sample
        self._newest: asyncio.Queue[Numbered] = asyncio.Queue(1)

    async def serve(self, socket: web.WebSocketResponse, folder: Path) -> None:
        """Answers frames until the client goes.

        Args:
          socket: that was opened.
          folder: for the picture's file.

        Raises:
          ServingError: the client sends what it should not, or nothing, or the model fails.
          StoppedError: the client has gone, or the server stops.
        """
        self._socket = socket
        await _first_of(self._converse(folder), self._stopped())

    async def _converse(self, folder: Path) -> None:
        source = await self._receive_picture(folder)
        self._generator.set_source(source)
        size = self._generator.image_size
        start = {"event": "start", "size": size, "source": encode_picture(source)}
        await self._in_time(self._socket.send_str(json.dumps(start)))
        await _first_of(self._read(), self._answer())

    async def _receive_picture(self, folder: Path) -> np.ndarray:
        try:
            wanted = json.loads(await self._receive(WSMsgType.TEXT))
            self._fit = str(wanted.get("fit", FITS[0]))
            sample, name = (wanted.get(key) for key in ("sample_picture", "picture"))
        except (ValueError, AttributeError) as error:
            raise invalid("the first message must be an object in JSON") from error
        if self._fit not in FITS:
            raise invalid(f"fit must be one of {', '.join(FITS)}, not {self._fit!r}")
        if (sample is None) == (name is None):
            raise invalid("give a sample_picture, or the name of a picture that follows")
        if name is None:
            material = await self._find_sample(str(sample))
        else:
            material = named(str(name)[:LONGEST_FIELD], "", folder)
            content = await self._receive(WSMsgType.BINARY)
            await self._bridge.in_thread(partial(material.path.write_bytes, content))
        return await self._bridge.in_thread(partial(self._open, material))

    def _open(self, material: Material) -> np.ndarray:
        with plain_errors([material]):
            footage = open_material(material, self._options.max_pixels, self._bridge.check)
            return footage.squares(self._generator.image_size, self._fit, False).frame(0)

    async def _read(self) -> None:
        while True:
            message = await self._receive(WSMsgType.BINARY)
            if not NUMBER.size < len(message) <= FRAME_BYTES:
                raise invalid(
                    f"a frame must be a number of {NUMBER.size} bytes and a JPEG file, together "
                    f"at most {FRAME_BYTES >> 10} KiB; this message has {len(message)} bytes"
                )
            if self._newest.full():
                self._newest.get_nowait()
            self._newest.put_nowait((message[: NUMBER.size], message[NUMBER.size :]))

    async def _answer(self) -> None:
        while True:
            frame = await self._newest.get()
            try:
                answer = await self._work.run(partial(self._animate, *frame))
            except ServingError as error:
                if error.code != "UNAVAILABLE":
                    raise
                # Unless a newer one has come meanwhile.
                if self._newest.empty():
                    self._newest.put_nowait(frame)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            await self._in_time(self._socket.send_bytes(answer))

    async def _stopped(self) -> None:
        await self._bridge.stopped()
        raise StoppedError

    def _animate(self, number: bytes, content: bytes) -> bytes:
        """The answer to a frame; in a thread."""
        size = encoded_size(content) if content.startswith(JPEG_MARK) else None
        if size is not None and size[0] * size[1] > self._options.max_pixels:
            raise invalid(f"a frame has more than {self._options.max_pixels} pixels")
        try:
            if size is None:
                raise ValueError
            driving = decode_frame(content)
        except ValueError as error:
            which = NUMBER.unpack(number)[0]
            raise invalid(f"frame {which} is no JPEG picture that can be read") from error
        square = fit_square(driving, self._generator.image_size, self._fit)
        batch = np.repeat(square[None], self._generator.batch_size or 1, 0)
        result = self._generator.animate(batch, SHOWN)
        parts = [number]
        for key in SHOWN:
            picture = as_bytes(result[key][0])[..., ::-1]
            encoded = cv2.imencode(".jpg", picture, JPEG)[1].tobytes()
            parts += [NUMBER.pack(len(encoded)), encoded]
        return b"".join(parts)

    async def _receive(self, kind: WSMsgType) -> Any:
        seconds = self._options.request_timeout
        try:
            message = await self._socket.receive(seconds)
        except asyncio.TimeoutError as error:
            raise ServingError(
                "DEADLINE_EXCEEDED", f"nothing came from the camera for {seconds:g} seconds"
            ) from error
        if message.type is kind:
            return message.data
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            raise invalid(f"a {kind.name.lower()} message was expected")
        # It says goodbye, is too large, or breaks the protocol, of which aiohttp has told it.
        raise StoppedError

    async def _in_time(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.wait_for(sending, self._options.request_timeout)
        except asyncio.TimeoutError as error:
            raise ConnectionResetError("the client does not read") from error


async def _first_of(*jobs: Coroutine[Any, Any, None]) -> None:
    """Runs all until one ends, or fails, which then ends the others."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def say_goodbye(socket: web.WebSocketResponse, error: Exception) -> None:
    """Tells a client why its connection ends, and ends it."""
    message, code = "internal error; see the server's log", FAILED
    if isinstance(error, ServingError):
        message, code = str(error), CLOSING.get(error.code, FAILED)
        code = STOPPING if isinstance(error, StoppedError) else code
    else:
        _log.error("camera", exc_info=error)
    if not socket.closed:
        await socket.send_str(json.dumps({"event": "error", "error": message}))
        reason = message.encode()[:LONGEST_REASON].decode("utf-8", "ignore").encode()
        await socket.close(code=code, message=reason)
