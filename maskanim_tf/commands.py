"""How every command of the project starts and ends."""

from __future__ import annotations

import sys
from collections.abc import Callable

from absl import app, flags, logging


def run_command(main: Callable[[], None]) -> None:
    """Parses the flags and runs `main`; an error the user can mend ends in one line.

    `--verbosity=1` shows the traceback as well. Exit status: 0, 1 after an error, 130 after Ctrl-C.
    """

    def guarded(arguments: list[str]) -> int:
        if len(arguments) > 1:
            raise app.UsageError(f"unexpected argument {arguments[1]!r}; options start with --")
        try:
            main()
        except (ValueError, OSError, RuntimeError) as error:
            logging.debug("where it happened:", exc_info=True)
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
        return 0

    try:
        app.run(guarded)
    except flags.Error as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
