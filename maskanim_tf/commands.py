"""How every command of the project starts and ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TypeVar

from absl import app, logging

from maskanim_tf.config.section import Section
from maskanim_tf.flags import FlagsError, define_flags, read_flags

# Commands import this module before TensorFlow, which would print pages about its own build.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

T = TypeVar("T")
_interrupted = threading.Event()


def run_command(
    main: Callable[..., None], *sections: type[Section], argv: list[str] | None = None
) -> None:
    """Runs `main` with one configuration object per section, read from the command line.

    An error that the user can mend ends in one line; `--verbosity=1` shows the traceback as well.
    Exit status: 0, 1 after an error, 130 after Ctrl-C. `argv` is the command line, that of the
    process by default.
    """
    for section in sections:
        define_flags(section)

    def guarded(arguments: list[str]) -> int:
        try:
            if len(arguments) > 1:
                raise ValueError(f"unexpected argument {arguments[1]!r}; options start with --")
            with _noted_interrupts():
                main(*(read_flags(section) for section in sections))
        except (ValueError, OSError, RuntimeError) as error:
            logging.debug("where it happened:", exc_info=True)
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
        except Exception as error:
            # What fails inside a pipeline arrives as TensorFlow's error, whose first line tells it.
            if not type(error).__module__.startswith("tensorflow"):
                raise
            logging.debug("where it happened:", exc_info=True)
            print("error:", _first_line(str(error)), file=sys.stderr)
            return 1
        return 0

    try:
        app.run(guarded, argv)
    except FlagsError as error:
        # A flagfile that cannot be opened; app.run reports other wrong flags itself.
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def assume_frozen_weights() -> None:
    """Lets oneDNN keep kernels in its own order instead of reordering them for every batch.

    For programs that never change weights and run convolutions only inside of graphs, to be called
    before the first one. A training in the same process would go on with old weights, and eager
    convolutions of one shape would all use the kernel of the first.
    """
    os.environ.setdefault("TF_ONEDNN_ASSUME_FROZEN_WEIGHTS", "1")


def say(line: str) -> None:
    """Tells the person who runs a command something that is no result."""
    print(line, file=sys.stderr, flush=True)


def interruptible(items: Iterable[T]) -> Iterator[T]:
    """The items; raises KeyboardInterrupt between two of them once Ctrl-C was pressed.

    Python raises it by itself, but some libraries drop it: TensorFlow while it traces a graph, and
    callbacks of the garbage collector. A loop that takes long would then go on.
    """
    for item in items:
        if _interrupted.is_set():
            raise KeyboardInterrupt
        yield item


@contextlib.contextmanager
def _noted_interrupts() -> Iterator[None]:
    """Lets `interruptible` know of Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        signal.default_int_handler(number, frame)

    if threading.current_thread() is not threading.main_thread():
        # Signals belong to the main thread.
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _interrupted.clear()


def _first_line(message: str) -> str:
    """The first line of TensorFlow's message, without the name of the graph's node."""
    return re.sub(r"^\{\{.*?\}\}\s*", "", message).splitlines()[0]
