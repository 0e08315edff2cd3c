"""Work spread by Apache Beam: over the cores of this process, or over a cluster.

Engines differ in what they keep of a pipeline. Dask's runs only the last of several branches, loses
what the end of a bundle emits, knows no metrics, and puts 128 elements into one task. So there is a
single chain here, without any of these, whose results are files: who calls `Engine.run` looks for
them afterwards.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

from maskanim_tf.config import Section, option
from maskanim_tf.storage.text import first_line

_log = logging.getLogger(__name__)

SEPARATOR = "--"
DASK = ("daskrunner", "dask")
# Beam's "DirectRunner" would look for a program to download first.
EMBEDDED = ("", "directrunner", "direct", "fnapirunner")
NAME_SCHEDULER = "name it after a lone --: --dask_client_address=tcp://HOST:8786"


@dataclasses.dataclass(frozen=True)
class EngineOptions(Section):
    """Where the work is done."""

    runner: str = option(
        "", "engine of Apache Beam, such as DaskRunner; its own options follow a lone --"
    )

    def arguments(self, own: Sequence[str]) -> list[str]:
        """Pipeline options of Beam, from this one and those after the lone `--`."""
        return ([f"--runner={self.runner}"] if self.runner else []) + list(own)


def split_command_line(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """A command's own arguments, and what follows a lone `--`."""
    here = argv.index(SEPARATOR) if SEPARATOR in argv else len(argv)
    return list(argv[:here]), list(argv[here + 1 :])


class Engine:
    """Calls a function once for each of many jobs, wherever Beam's options say.

    Args:
      arguments: pipeline options of Beam, as on a command line; none for this process, with a
        thread per core.

    Attributes:
      embedded: whether the work is done in this process.

    Raises:
      RuntimeError: apache-beam is missing, or what its engine needs.
      ValueError: an option or engine that Beam does not know, or no scheduler is named.
      OSError: the scheduler does not answer.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        _import_beam()
        from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
        from apache_beam.runners.portability.fn_api_runner import FnApiRunner

        # Its notes about its own workings are not for users of the command.
        logging.getLogger("apache_beam").setLevel(logging.ERROR)
        self._name = PipelineOptions(list(arguments)).view_as(StandardOptions).runner or ""
        self.embedded = self._name.lower() in EMBEDDED
        on_dask = self._name.lower() in DASK
        if on_dask:
            # On import it makes its options known to Beam.
            self._runner = _dask_runner()
        else:
            self._runner = FnApiRunner() if self.embedded else _other_runner(self._name)
        self._options = _pipeline_options(arguments)
        if on_dask:
            _prepare_dask(self._options)

    def run(self, work: Callable[[Any], None], jobs: Sequence[Any]) -> None:
        """Calls `work(job)` for every job, at least once, in any order.

        Both are pickled. Workers may die and their jobs be given to others, so `work` must leave
        whole files or none, and the same ones whenever it is called.

        Raises:
          RuntimeError: the engine has failed.
          Exception: what `work` raised, where the engine hands that on.
        """
        beam = _import_beam()
        pipeline = beam.Pipeline(runner=self._runner, options=self._options)
        _ = (
            pipeline
            | "Jobs" >> beam.Create(list(jobs))
            | "Distribute" >> beam.Reshuffle()
            | "Work" >> beam.Map(work)
        )
        # In this process that is all: what `work` raises comes from here.
        result = pipeline.run()
        try:
            result.wait_until_finish()
            # Beam's result for Dask calls it done, too, when the scheduler has gone.
            if any(future.status != "finished" for future in getattr(result, "futures", ())):
                raise RuntimeError(
                    f"{self._name}: the scheduler has gone, or the work was cancelled there; what "
                    "is finished is kept: run again to go on"
                )
        except KeyboardInterrupt:
            result.cancel()
            raise
        except (ValueError, OSError, RuntimeError):
            raise
        except Exception as error:
            raise RuntimeError(
                f"{self._name}: {first_line(error)}; what is finished is kept: run again to go on"
            ) from error
        finally:
            # Dask's cluster would go on as long as somebody might ask for results.
            if client := getattr(result, "client", None):
                client.close()


def _import_beam() -> Any:
    # On import it tells every user which Google packages are absent.
    disabled = logging.root.manager.disable
    logging.disable(max(disabled, logging.WARNING))
    try:
        import apache_beam
    except ImportError as error:
        raise RuntimeError(
            "apache-beam is missing; install it with: pip install 'maskanim[beam]'"
        ) from error
    finally:
        logging.disable(disabled)
    return apache_beam


def _pipeline_options(arguments: Sequence[str]) -> Any:
    """Raises ValueError for an option that Beam would drop with a warning."""
    from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

    options = PipelineOptions(list(arguments))
    known = options.get_all_options()
    kept = options.get_all_options(retain_unknown_options=True)
    unknown = sorted(set(kept) - set(known))
    stray = [argument for argument in arguments[:1] if not argument.startswith("-")]
    if unknown or stray:
        raise ValueError(
            f"{stray[0] if stray else '--' + unknown[0]} is no pipeline option of Apache Beam; "
            "only those may stand after --"
        )
    if not any(argument.startswith("--direct_") for argument in arguments):
        direct = options.view_as(DirectOptions)
        direct.direct_num_workers = os.cpu_count() or 1
        direct.direct_running_mode = "multi_threading"
    return options


def _other_runner(name: str) -> Any:
    from apache_beam.runners.runner import create_runner

    try:
        return create_runner(name)
    except ImportError as error:
        raise RuntimeError(f"--runner={name}: {first_line(error)}") from error
    except (ValueError, AttributeError) as error:
        raise ValueError(f"--runner={name}: {first_line(error)}") from error


def _dask_runner() -> Any:
    try:
        from apache_beam.runners.dask.dask_runner import DaskRunner
    except ImportError as error:
        raise RuntimeError(
            "DaskRunner needs dask; install it with: pip install 'maskanim[dask]'"
        ) from error
    return DaskRunner()


def _prepare_dask(options: Any) -> None:
    """Spreads jobs one by one, and asks the scheduler whether it is there, before anything else."""
    import dask
    from apache_beam.runners.dask.dask_runner import DaskOptions
    from distributed import Client

    view = options.view_as(DaskOptions)
    if not (view.npartitions or view.partition_size):
        view.partition_size = 1
    if view.scheduler_file and not os.path.exists(view.scheduler_file):
        # Dask would wait for the file for ever.
        raise FileNotFoundError(f"{view.scheduler_file}: there is no such file of a scheduler")
    place = view.address or view.scheduler_file or dask.config.get("scheduler-address", None)
    if not place:
        raise ValueError(
            f"DaskRunner needs a scheduler; {NAME_SCHEDULER}; the cores of this machine alone are "
            "used without any runner"
        )
    arguments = view.get_all_options(drop_default=True, current_only=True)
    for name in ("npartitions", "partition_size"):
        arguments.pop(name, None)
    try:
        # Errors are raised as well; its log is pages of what led to them.
        for module in ("client", "utils"):
            logging.getLogger(f"distributed.{module}").setLevel(logging.CRITICAL)
        with Client(**arguments, set_as_default=False) as client:
            workers = len(client.nthreads())
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"no Dask scheduler answers at {place} ({first_line(error)}); start one with: dask "
            f"scheduler, or {NAME_SCHEDULER}"
        ) from error
    if not workers:
        _log.warning("the Dask scheduler at %s has no workers yet; start some: dask worker", place)
