"""Owns the server process: the socket, the loader thread, the signals, and how it all ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fairlead_runtime.failure import Failure, describe_exception
from fairlead_runtime.serve.readiness import Readiness

_logger = logging.getLogger(__name__)

# Longer than the idle time-outs of the proxies in front, so that a proxy never sends a
# request on a connection that this side is just closing.
_KEEP_ALIVE_SECONDS = 120


@dataclass(frozen=True)
class ServeOptions:
    """What the command line decides."""

    model_dir: Path
    host: str
    port: int
    threads: int
    body_limit: int
    warm_up: bool


def run_server(options: ServeOptions) -> None:
    """Serves until a signal; raises Failure when the model or the address is unusable."""
    # Until the event loop takes the signals over, nothing has been accepted that would
    # have to be finished.
    for early in (signal.SIGTERM, signal.SIGINT):
        signal.signal(early, lambda *_: os._exit(0))
    listener = _listen(options.host, options.port)
    _logger.info(
        "listening",
        extra={"host": options.host, "port": listener.getsockname()[1], "pid": os.getpid()},
    )
    readiness = Readiness()
    # Importing and unpickling make objects that stay; looking through them for garbage
    # again and again costs a tenth of the start.
    gc.disable()
    # The loader starts before the server's own imports, so that both go on side by side.
    stop = threading.Event()
    loader = threading.Thread(
        target=_load, args=(options, readiness, stop), name="loader", daemon=True
    )
    loader.start()
    _serve(options, listener, readiness, stop)
    if readiness.failure is not None:
        raise readiness.failure


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        raise Failure(
            "CANNOT_LISTEN",
            "cannot listen",
            f"{host}:{port}",
            describe_exception(error),
            "choose another --host or --port",
        ) from error
    listener.listen(2048)
    return listener


def _load(options: ServeOptions, readiness: Readiness, stop: threading.Event) -> None:
    from fairlead_runtime.serve.compatibility import warn_of_differences
    from fairlead_runtime.serve.loading import load_scorer

    try:
        scorer = load_scorer(options.model_dir, warm_up=options.warm_up)
    except Failure as failure:
        readiness.become_failed(failure)
        stop.set()
    except BaseException as error:
        readiness.become_failed(
            Failure(
                "MODEL_LOAD_FAILED",
                "model cannot be loaded",
                str(options.model_dir),
                describe_exception(error),
            )
        )
        stop.set()
    else:
        gc.freeze()
        gc.enable()
        readiness.become_ready(scorer)
        _logger.info("ready")
        warn_of_differences(options.model_dir)


def _serve(
    options: ServeOptions, listener: socket.socket, readiness: Readiness, stop: threading.Event
) -> None:
    import uvicorn

    from fairlead_runtime.serve.app import ScoringApp

    class Server(uvicorn.Server):
        # uvicorn's own handler raises the signal again once it has drained, which ends
        # the process with the signal's status where the contract is exit code 0.
        @contextlib.contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            yield

        async def on_tick(self, counter: int) -> bool:
            return stop.is_set() or await super().on_tick(counter)

    with ThreadPoolExecutor(options.threads, thread_name_prefix="predict") as predictions:
        server = Server(
            uvicorn.Config(
                ScoringApp(readiness, predictions, options.body_limit),
                http="httptools",
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )

        def drain(received: signal.Signals) -> None:
            _logger.info("draining", extra={"signal": received.name})
            readiness.drain()
            server.should_exit = True

        loop = _new_event_loop()
        for received in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(received, drain, received)
        loop.run_until_complete(server.serve(sockets=[listener]))
    _logger.info("stopped")


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
