"""Runs commands inside this process, where a process of its own is not what a test is about."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import subprocess
import sys
import warnings
from unittest import mock

from absl import flags

from tests.helpers import REPOSITORY


def run_python(*arguments: str) -> subprocess.CompletedProcess:
    """What `python arguments` prints in the repository's folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True
    )


def run_module(module: str, *arguments: str) -> subprocess.CompletedProcess:
    """What `python -m module arguments` prints and its exit status, without another TensorFlow."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    with (
        mock.patch.object(sys, "argv", [module, *map(str, arguments)]),
        mock.patch.dict(os.environ),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        # Tests have imported the module already.
        warnings.filterwarnings("ignore", "'.*' found in sys.modules", RuntimeWarning)
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            status = end.code or 0
        finally:
            # The next command defines its own.
            for name in list(flags.FLAGS):
                if flags.FLAGS.find_module_defining_flag(name) == "maskanim_tf.flags":
                    delattr(flags.FLAGS, name)
            flags.FLAGS.unparse_flags()
    return subprocess.CompletedProcess([module, *arguments], status, out.getvalue(), err.getvalue())
