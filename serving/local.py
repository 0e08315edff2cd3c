"""A server for development, where no container engine is at hand.

`python -m serving.local --model_base_path=models/maskanim --port=8501` answers TensorFlow
Serving's REST routes, and with `--grpc_port=8500` its gRPC services, from the SavedModel
versions in a folder, and shows a page to browsers. For production there is
`tensorflow_model_server` (see `serving/Dockerfile`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from maskanim_tf.commands import assume_frozen_weights, run_command, say  # Before TensorFlow.

# isort: split
from aiohttp import web

from maskanim_tf.inference.precision import AUTO, resolve_precision
from maskanim_tf.serving.api import grpc, message_limits, require_api
from maskanim_tf.serving.encryption import tls_context
from maskanim_tf.serving.grpc_service import Services, warm_up
from maskanim_tf.serving.loaded_model import GRAPH, LoadedModel
from maskanim_tf.serving.page.routes import Page
from maskanim_tf.serving.rest import make_app
from maskanim_tf.serving.serve_options import ServeOptions, parse_labels
from maskanim_tf.serving.versions import ServedModel
from maskanim_tf.serving.work import WorkQueue

_log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(options: ServeOptions) -> None:
    """Serves until the process is told to stop by SIGINT or SIGTERM."""
    asyncio.run(_serve(options))


class LocalServer:
    """Both services over one model; `start` and `stop` belong to one event loop.

    Args:
      options: of the command.

    Attributes:
      scheme: of REST and page, http or https.
      port: of REST, once started.
      grpc_port: of gRPC, once started; -1 without.

    Raises:
      ValueError: gRPC is wanted and not installed, the folder is one version, or the certificate
        cannot be used.
      FileNotFoundError: there is no folder of versions.
    """

    def __init__(self, options: ServeOptions):
        if options.grpc_port >= 0:
            require_api()
        base_path = Path(options.model_base_path)
        if not base_path.is_dir():
            raise FileNotFoundError(
                f"{base_path} is no folder; export a model first: python -m export.saved_model"
            )
        if (base_path / GRAPH).exists():
            raise ValueError(
                f"{base_path} is one version; give the folder of all versions, {base_path.parent}"
            )
        self._tls = tls_context(options.certificate, options.private_key)
        self._options = options
        self.scheme = "https" if self._tls else "http"
        self.port, self.grpc_port = options.port, options.grpc_port
        self.served = ServedModel(
            options.model_name,
            base_path,
            self._load,
            parse_labels(options.version_labels),
            options.num_versions,
            options.settle_seconds,
        )
        self._work = WorkQueue(options.threads, options.queue_length, options.request_timeout)

    async def start(self) -> None:
        """Loads what is there and begins to answer. Raises OSError where a port is taken."""
        options = self._options
        await asyncio.to_thread(self.served.poll)
        if not self.served.serves_any:
            _log.warning(
                "no whole version in %s yet; versions are folders in it whose names are numbers",
                options.model_base_path,
            )
        app = make_app(self.served, self._work, options)
        if options.page_animations:
            Page(self.served, self._work, options).add_to(app)
        # A handler whose client has gone is cancelled, and its work, if it waits, not begun.
        self._runner = web.AppRunner(
            app,
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=options.grace_seconds,
            # Counts from the connection or the last answer on, whatever part of a head has come.
            keepalive_timeout=options.idle_timeout,
        )
        await self._runner.setup()
        try:
            await self._start_rest()
            self._grpc = await self._start_grpc() if options.grpc_port >= 0 else None
        except BaseException:
            await self._runner.cleanup()
            raise
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Takes no more requests and lets the open ones end."""
        self._watcher.cancel()
        stops = [self._runner.cleanup()]
        if self._grpc is not None:
            stops.append(self._grpc.stop(self._options.grace_seconds))
        await asyncio.gather(*stops)
        await asyncio.to_thread(self._work.close)

    def _load(self, folder: Path) -> LoadedModel:
        model = LoadedModel(folder, self._options.max_pixels)
        if self._options.precision not in (AUTO, model.precision):
            raise ValueError(
                f"{folder} computes in {model.precision}, not in {self._options.precision}; export "
                f"it with --precision={self._options.precision}, or serve it with --precision=auto"
            )
        resolve_precision(model.precision, lambda line: say(f"{folder}: {line}"))
        warm_up(model, folder, self._options.request_bytes)
        return model

    async def _start_rest(self) -> None:
        host, port = self._options.host, self._options.port
        try:
            await web.TCPSite(self._runner, host, port, ssl_context=self._tls).start()
        except OSError as error:
            # Python 3.13 puts the number into the text.
            reason = str(error.strerror).rpartition(": ")[2].removeprefix(f"[errno {error.errno}] ")
            raise OSError(
                f"cannot listen on {host}:{port} ({reason}); choose another --port or --host"
            ) from error
        self.port = self._runner.addresses[0][1]

    async def _start_grpc(self) -> grpc.aio.Server:
        options = self._options
        # Without the last option a second server could share a port that is taken.
        limits = [
            *message_limits(options.request_bytes),
            ("grpc.server_handshake_timeout_ms", int(options.idle_timeout * 1000)),
            ("grpc.so_reuseport", 0),
        ]
        server = grpc.aio.server(options=limits)
        Services(self.served, self._work, options.request_bytes).add_to(server)
        address = f"{options.host}:{options.grpc_port}"
        try:
            self.grpc_port = server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}; choose another --grpc_port") from error
        await server.start()
        return server

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._options.poll_seconds)
            try:
                await asyncio.to_thread(self.served.poll)
            except OSError as error:
                _log.error("%s", error)


async def _serve(options: ServeOptions) -> None:
    server = LocalServer(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop.set()
        # Who reads this may have gone.
        with contextlib.suppress(OSError):
            print("stopping; once more to leave open requests unanswered", flush=True)

    for number in SIGNALS:
        loop.add_signal_handler(number, ask_to_stop)
    _log.warning(
        "this server is for development: no authentication, no batching of requests%s",
        "" if options.certificate else ", no encryption",
    )
    await server.start()
    address = f"{server.scheme}://{options.host}:{server.port}"
    print(f"REST: {address}/v1/models/{options.model_name}", flush=True)
    if options.page_animations:
        print(f"page: {address}/", flush=True)
    if server.grpc_port >= 0:
        print(f"gRPC: {options.host}:{server.grpc_port}", flush=True)
    await stop.wait()
    await server.stop()


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, ServeOptions)
