"""The routes of the page.

| route | what |
| --- | --- |
| `GET /`, `/page.css`, `/page.js` and others | the page |
| `GET /samples` | JSON: the model, limits, and the samples |
| `GET /samples/NAME.png`, `.mp4` | picture and video of one |
| `POST /animate` | a form of two files, or samples; a stream of JSON lines, an event each |
| `GET /results/NAME.mp4` | a finished video, for a while |
| `GET /camera` | a WebSocket: see `serving.page.frame_socket` |

The form has `picture` or `sample_picture`, `video` or `sample_video`, and may have `fit` and
`audio`, as commands do, and `auto_crop`, 0 or 1. Events are `start`, a `frame` per frame, and
`done` or `error`; pictures in them are base64 of PNG or JPEG files.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

from aiohttp import web

from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.export import browser
from maskanim_tf.export.browser.catalogue import SAMPLES, describe_samples, write_sample
from maskanim_tf.serving.contract import ServingError, invalid
from maskanim_tf.serving.page.animation import Animation, Event
from maskanim_tf.serving.page.bridge import Bridge
from maskanim_tf.serving.page.frame_socket import (
    GOODBYE_SECONDS,
    HEARTBEAT_SECONDS,
    FrameSocket,
    say_goodbye,
)
from maskanim_tf.serving.page.guard import HEADERS, Guard
from maskanim_tf.serving.page.materials import Material
from maskanim_tf.serving.page.results import Results
from maskanim_tf.serving.page.upload import Form, receive
from maskanim_tf.serving.serve_options import ServeOptions
from maskanim_tf.serving.versions import ServedModel
from maskanim_tf.serving.work import WorkQueue

_log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
FILES = {
    "/": STATIC / "index.html",
    **{f"/{name}": STATIC / name for name in ("page.js", "socket.js")},
    **{f"/{name}": browser.FOLDER / name for name in browser.SHARED},
}
SWITCHES = {"0": False, "1": True}
FIELDS = ("sample_picture", "sample_video", "fit", "auto_crop", "audio")
ENDINGS = {"picture": ".png", "video": ".mp4"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """The page of one model.

    Args:
      served: the model.
      work: where it computes.
      options: of the server, of which some limit its use.
    """

    def __init__(self, served: ServedModel, work: WorkQueue, options: ServeOptions):
        self._served = served
        self._work = work
        self._options = options
        self._guard = Guard(options.page_hosts)
        self._running: set[Bridge] = set()

    def add_to(self, app: web.Application) -> None:
        """Adds the routes; files live as long as the app."""
        for route, path in FILES.items():
            app.router.add_get(route, self._guarded(partial(_send_file, path)))
        app.router.add_get("/samples", self._guarded(self._describe))
        app.router.add_get(r"/samples/{name}{ending:\.png|\.mp4}", self._guarded(self._sample))
        app.router.add_post("/animate", self._guarded(self._animate))
        app.router.add_get("/results/{name}.mp4", self._guarded(self._result))
        app.router.add_get("/camera", self._guarded(self._camera))
        app.cleanup_ctx.append(self._live)
        app.on_shutdown.append(self._stop)

    async def _live(self, app: web.Application) -> AsyncIterator[None]:
        options = self._options
        self._folder = Path(tempfile.mkdtemp(prefix="maskanim-page-"))
        self._one_sample = asyncio.Lock()
        self._results = Results(self._folder, options.page_results, options.page_result_seconds)
        # One more makes samples.
        self._pool = concurrent.futures.ThreadPoolExecutor(options.page_animations + 1, "page")
        try:
            yield
        finally:
            # Threads that end may still want the loop.
            await asyncio.to_thread(self._pool.shutdown)
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _stop(self, app: web.Application) -> None:
        for bridge in self._running:
            bridge.stop()

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            self._guard.check(request.method, request.headers)
            response = await handler(request)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return answer

    async def _describe(self, request: web.Request) -> web.Response:
        model = self._served.find()
        size, _, _ = model.frame_shapes()
        return web.json_response(
            {
                "model": {"name": self._served.name, "version": model.version, "size": size},
                "upload_bytes": self._options.request_bytes,
                **describe_samples(),
            }
        )

    async def _sample(self, request: web.Request) -> web.FileResponse:
        name, ending = (request.match_info[key] for key in ("name", "ending"))
        if name not in SAMPLES:
            raise ServingError("NOT_FOUND", f"there is no sample {name}")
        return web.FileResponse(await self._make_sample(name, ending))

    async def _result(self, request: web.Request) -> web.FileResponse:
        path = self._results.find(request.match_info["name"])
        if path is None:
            raise ServingError("NOT_FOUND", "this video is not kept any more; animate again")
        return web.FileResponse(path, headers={"Cache-Control": "no-store"})

    async def _make_sample(self, name: str, ending: str) -> Path:
        path = self._folder / f"sample-{name}{ending}"
        async with self._one_sample:
            if not path.exists():
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._pool, write_sample, name, path)
        return path

    @contextlib.contextmanager
    def _place(self) -> Iterator[tuple[Path, Bridge]]:
        """A folder and threads for one animation, unless too many are being made."""
        if len(self._running) >= self._options.page_animations:
            raise ServingError(
                "UNAVAILABLE",
                f"the server is busy: {len(self._running)} animations are being made; "
                "try again in a moment",
            )
        bridge = Bridge(self._pool)
        self._running.add(bridge)
        try:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                yield Path(folder), bridge
        finally:
            self._running.discard(bridge)

    async def _camera(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            timeout=GOODBYE_SECONDS,
            heartbeat=HEARTBEAT_SECONDS,
            compress=False,
            max_msg_size=self._options.request_bytes,
        )
        await socket.prepare(request)
        try:
            with self._place() as (folder, bridge):
                model = self._served.find()
                find_sample = partial(self._find_sample, ending=ENDINGS["picture"])
                frames = FrameSocket(model, self._work, bridge, self._options, find_sample)
                await frames.serve(socket, folder)
        except ConnectionError:
            # It is still there, but takes nothing, and others wait for its place.
            if request.transport is not None:
                request.transport.abort()
        except Exception as error:
            await say_goodbye(socket, error)
        return socket

    async def _animate(self, request: web.Request) -> web.StreamResponse:
        with self._place() as (folder, bridge):
            return await self._animate_in(folder, bridge, request)

    async def _animate_in(
        self, folder: Path, bridge: Bridge, request: web.Request
    ) -> web.StreamResponse:
        limits, model = self._options, self._served.find()
        try:
            form = await asyncio.wait_for(
                receive(request, folder, FIELDS, ENDINGS, limits.request_bytes),
                limits.request_timeout,
            )
        except asyncio.TimeoutError as error:
            raise web.HTTPRequestTimeout(
                text=f"the files did not arrive within {limits.request_timeout:g} seconds"
            ) from error
        options = _read_options(form.fields)
        materials = await self._materials(form)
        animation = Animation(model, self._work, bridge, materials, limits.max_pixels, options)
        start = await bridge.in_thread(animation.prepare)
        response = web.StreamResponse(
            headers={**HEADERS, "Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        )
        await response.prepare(request)

        async def send(event: Event) -> None:
            line = json.dumps(event).encode() + b"\n"
            try:
                await asyncio.wait_for(response.write(line), limits.request_timeout)
            except asyncio.TimeoutError:
                # It is still there, but takes nothing, and others wait for its place.
                if request.transport is not None:
                    request.transport.abort()
                raise ConnectionResetError("the client does not read") from None

        await send(start)
        output = folder / "result.mp4"

        def run() -> int:
            return animation.run(output, lambda event: bridge.wait(send(event)))

        try:
            frames = await bridge.in_thread(run)
            name = self._results.add(output)
            await send({"event": "done", "frames": frames, "result": f"/results/{name}.mp4"})
        except ServingError as error:
            await send({"event": "error", "error": str(error)})
        except ConnectionError:
            raise
        except Exception:
            _log.exception("animation")
            await send({"event": "error", "error": "internal error; see the server's log"})
        return response

    async def _materials(self, form: Form) -> list[Material]:
        """Picture and video: files that were sent, or samples."""
        materials = []
        for kind, ending in ENDINGS.items():
            name = form.fields.get(f"sample_{kind}", "")
            if bool(name) == (kind in form.files):
                raise invalid(f"send a {kind}: a file, or the name of a sample as sample_{kind}")
            if not name:
                materials.append(form.files[kind])
                continue
            materials.append(await self._find_sample(name, ending))
        return materials

    async def _find_sample(self, name: str, ending: str) -> Material:
        if name not in SAMPLES:
            raise invalid(f"there is no sample {name!r}; there are {', '.join(SAMPLES)}")
        video = ending == ENDINGS["video"]
        path = SAMPLES[name][0] if video else await self._make_sample(name, ending)
        return Material(path, f"the sample {name}")


def _read_options(fields: dict[str, str]) -> AnimationOptions:
    auto_crop = fields.get("auto_crop", "0")
    if auto_crop not in SWITCHES:
        raise invalid(f"auto_crop must be 0 or 1, not {auto_crop!r}")
    how: dict[str, object] = {"auto_crop": SWITCHES[auto_crop]}
    how |= {name: fields[name] for name in ("fit", "audio") if name in fields}
    try:
        return AnimationOptions.from_dict(how)
    except ValueError as error:
        raise invalid(str(error)) from error


async def _send_file(path: Path, request: web.Request) -> web.FileResponse:
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})
