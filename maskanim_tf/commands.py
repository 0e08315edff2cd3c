"""How every command of the project starts and ends."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from collections.abc import Callable

from absl import app

from maskanim_tf.config.section import Section
from maskanim_tf.flag_help import help_text, is_help
from maskanim_tf.flags import (
    FlagsError,
    define_flags,
    expand_flagfiles,
    parse_flags,
    read_flags,
)
from maskanim_tf.interrupts import InterruptedRunError, interrupt_status, noted_signals

_log = logging.getLogger(__name__)

# Commands import this module before TensorFlow, which would print pages about its own build.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def run_command(
    main: Callable[..., None], *sections: type[Section], argv: list[str] | None = None
) -> None:
    """Runs `main` with one configuration object per section, read from the command line.

    An error that the user can mend ends in one line; `--verbosity=1` shows the traceback as well.
    Exit status: 0, 1 after an error, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. `argv`
    is the command line, that of the process by default. `--help` shows what `main` is documented
    by, and all options; their defaults are those of the other options and flag files beside it.
    """
    for section in sections:
        define_flags(section)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # Names of files need not be UTF-8.

    def guarded(arguments: list[str]) -> int:
        try:
            if len(arguments) > 1:
                raise ValueError(f"unexpected argument {arguments[1]!r}; options start with --")
            with noted_signals():
                main(*(read_flags(section) for section in sections))
        except InterruptedRunError as error:
            print(error, file=sys.stderr)
            return error.status
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return interrupt_status()
        except Exception as error:
            message = str(error)
            # What fails inside a pipeline or a graph arrives as TensorFlow's error.
            if type(error).__module__.startswith("tensorflow"):
                message = _telling_line(message)
            elif not isinstance(error, (ValueError, OSError, RuntimeError)):
                raise
            _log.debug("where it happened:", exc_info=True)
            print(f"error: {message}", file=sys.stderr)
            return 1
        return 0

    try:
        arguments = expand_flagfiles(sys.argv if argv is None else argv)
        if any(map(is_help, arguments)):
            parse_flags([each for each in arguments if not is_help(each)])
            about = sys.modules[main.__module__].__doc__ or ""
            print(help_text(about, [read_flags(section) for section in sections]))
            sys.exit(0)
        app.run(guarded, arguments)
    except (FlagsError, ValueError, OSError) as error:
        # A flagfile that cannot be read; app.run reports other wrong flags itself.
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


def _telling_line(message: str) -> str:
    """What TensorFlow's message says is wrong: no names of nodes, no places of definition."""
    lines = re.sub(r"^\{\{.*?\}\}\s*", "", message).splitlines()
    place = ("Graph execution error", "Detected at node", " ", "\t")
    return next((line for line in lines if line and not line.startswith(place)), lines[0])
