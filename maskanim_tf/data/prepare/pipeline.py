"""Prepares a data set with Apache Beam; one element is one shard.

Without Beam options the pipeline runs in this process, on Beam's embedded runner with a thread per
core: decoding, resizing and encoding leave Python free, and TensorFlow is neither forked nor loaded
again. Any other runner (`--runner=DaskRunner`, ...) makes the same shards; its workers must see
the input folder under the same path, and the output.
"""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Sequence
from typing import Any

import cv2
from tqdm import tqdm

from maskanim_tf.data.prepare.output import claim_output, finish_output
from maskanim_tf.data.prepare.plan import PrepareConfig, ShardJob, plan_shards
from maskanim_tf.data.prepare.shard_maker import make_shard
from maskanim_tf.engine import Engine
from maskanim_tf.storage.locations import absolute

STOP_SECONDS = 60


def prepare(
    config: PrepareConfig, beam_arguments: Sequence[str] = (), *, progress: bool = False
) -> dict[str, Any]:
    """Writes shards, index and manifest, and returns the manifest.

    What an interrupted run has finished is not made again, and the bytes are those of one
    uninterrupted run.

    Args:
      config: what to prepare.
      beam_arguments: pipeline options of Beam, as on a command line.
      progress: shows a progress bar on stderr.

    Raises:
      RuntimeError: apache-beam, what its runner needs, or tensorflow-io is missing; shards are
        missing in the end, or differ from what a worker noted.
      ValueError: a wrong option, no clips, or the output holds something else.
      OSError: the output cannot be written, or no scheduler answers.
    """
    if not config.output:
        raise ValueError("the output is missing: name a folder or address with --output")
    engine = Engine(beam_arguments)
    if not engine.embedded:
        # Workers have working directories of their own.
        config = config.replace(input=absolute(config.input), output=absolute(config.output))
    jobs = plan_shards(config, progress=progress)
    claim_output(config, jobs)
    _run(config, jobs, engine, progress)
    return finish_output(config, jobs, check_content=not engine.embedded)


class _Watch:
    """Counts the clips done by threads of this process, and keeps the first error among them."""

    def __init__(self, total: int, progress: bool) -> None:
        self.error: BaseException | None = None
        self.bar = tqdm(total=total, unit="clip", disable=not progress)
        self._lock = threading.Lock()
        self._making = 0
        self._none_made = threading.Condition(self._lock)

    def advance(self, clips: int) -> None:
        if self.error is not None:
            raise _StoppedError
        with self._lock:
            self.bar.update(clips)

    def make(self, job: ShardJob, config: PrepareConfig) -> None:
        with self._lock:
            self._making += 1
        # Beam would wrap an error into pages of text and log it besides.
        try:
            if self.error is None:
                make_shard(job, config, self.advance)
        except _StoppedError:
            pass
        except Exception as error:
            self.error = self.error or error
        finally:
            with self._lock:
                self._making -= 1
                self._none_made.notify_all()

    def stop(self, error: BaseException) -> None:
        """Waits until every thread has left its clip: none may decode while Python shuts down."""
        self.error = error
        with self._lock:
            self._none_made.wait_for(lambda: not self._making, timeout=STOP_SECONDS)


class _StoppedError(Exception):
    """Another shard has failed."""


# Elements and functions of a pipeline are pickled, even on the embedded runner.
_watches: dict[str, _Watch] = {}


def _make(job: ShardJob, config: PrepareConfig, watch: str) -> None:
    # The shards keep the cores busy; OpenCV's threads would only get in each other's way.
    cv2.setNumThreads(1)
    if watch in _watches:
        _watches[watch].make(job, config)
    else:
        make_shard(job, config, lambda clips: None)


def _run(config: PrepareConfig, jobs: Sequence[ShardJob], engine: Engine, progress: bool) -> None:
    token = secrets.token_hex(8)
    watch = _Watch(sum(len(job.parts) for job in jobs), progress and engine.embedded)
    _watches[token] = watch
    threads = cv2.getNumThreads()
    try:
        engine.run(functools.partial(_make, config=config, watch=token), jobs)
    except KeyboardInterrupt as error:
        watch.stop(error)
        raise
    finally:
        cv2.setNumThreads(threads)
        del _watches[token]
        watch.bar.close()
    if watch.error is not None:
        raise watch.error
