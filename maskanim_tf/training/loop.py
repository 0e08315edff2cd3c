"""The training loop: steps, schedule, validation, checkpoints, and what a person sees of them."""

from __future__ import annotations

import dataclasses
import logging
import math
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.config import Config
from maskanim_tf.config.sections import SAME
from maskanim_tf.data.dataset import make_dataset, steps_per_epoch
from maskanim_tf.data.partners import find_partners
from maskanim_tf.data.sources import ClipSource, open_clips
from maskanim_tf.interrupts import InterruptedRunError
from maskanim_tf.losses import load_vgg
from maskanim_tf.media.panels import write_picture
from maskanim_tf.models.presets import DEFAULT_PRESET, find_weights
from maskanim_tf.models.weights import assign_matching, assign_weights, read_arrays
from maskanim_tf.ops.tracing import as_graph
from maskanim_tf.storage.files import write_json
from maskanim_tf.training.checkpoints import BEST, Checkpoints, State
from maskanim_tf.training.history import History
from maskanim_tf.training.mask_watch import MaskWatch
from maskanim_tf.training.progress import Progress
from maskanim_tf.training.run_options import RunOptions
from maskanim_tf.training.schedule import Schedule
from maskanim_tf.training.stop_signals import StopSignals
from maskanim_tf.training.strategy import is_chief, make_strategy
from maskanim_tf.training.trainer import Trainer
from maskanim_tf.training.validation import Validation

_log = logging.getLogger(__name__)

EMBEDDED = "embedded"
CONFIG_FILE = "config.json"


class TrainingLoop:
    """One run, from its first or its next step to its last.

    Args:
      config: what is learned, and how.
      options: where the run happens.

    Raises:
      ValueError: wrong data or configuration.
      FileExistsError: `run_dir` holds a run already and `resume` is not asked for.
      OSError: `run_dir` cannot be written.
    """

    def __init__(self, config: Config, options: RunOptions):
        self.config = config
        self.options = options
        # First of all: workers must find each other before TensorFlow computes anything.
        self.strategy = make_strategy(options.strategy)
        self.chief = is_chief(self.strategy)
        options.check(config.training, self.strategy.num_replicas_in_sync)
        self.checkpoints = Checkpoints(
            options.checkpoint_dir or str(Path(options.run_dir, "checkpoints")), options.keep
        )
        if self.checkpoints.steps() and not options.resume:
            raise FileExistsError(
                f"{options.run_dir} holds a run already; go on with --resume, or choose another "
                "--run_dir"
            )
        if self.chief and not options.resume:
            # Written first, so that a folder that cannot be written is known before any work.
            write_json(Path(options.run_dir, CONFIG_FILE), config.to_dict())
        keras.utils.set_random_seed(config.seed)
        if options.bit_exact:
            tf.config.experimental.enable_op_determinism()
        self.clips = open_clips(config, keys.TRAIN)
        self.schedule = Schedule(config, steps_per_epoch(config, self.clips))
        self.total_steps = self.schedule.total_steps
        features = load_vgg(config.loss, config.seed, config.training.precision)
        with self.strategy.scope():
            self.trainer = Trainer(config, features, options.jit)
        self.state = State()
        if options.initial_weights:
            self._load_initial_weights()
        if options.resume:
            self.state = self.checkpoints.restore(self.trainer)
        self.history: History | None = None
        if self.chief:
            self.checkpoints.check_space(self.trainer)
            # After a restore, when it is sure that these settings belong to this run.
            write_json(Path(options.run_dir, CONFIG_FILE), config.to_dict())
            self.history = History(options.run_dir, self.state.step)
        self.validation = self._make_validation()
        self.masks = MaskWatch(
            config, self.trainer.networks.mask_generator, self.clips, options.flat_mask_steps
        )
        self._signals = StopSignals()
        self._steps = {refine: self._make_step(refine) for refine in (False, True)}

    def run(self) -> None:
        """Trains to the end, and says where everything is.

        Raises:
          InterruptedRunError: after SIGTERM, SIGHUP or Ctrl-C, with a checkpoint saved.
          RuntimeError: a loss is not finite, or masks carry nothing for too long; the last
            checkpoint stays.
        """
        progress = Progress(self.state.step, self.total_steps, self.options.minutes, self.chief)
        with self._signals, progress:
            for batch in self._batches():
                if progress.time_is_over:
                    # This step is the last one, and ends as that of any other run.
                    self.total_steps = self.state.step + 1
                losses, stopping = self._step(batch)
                progress.advance(losses)
                self._after_step(losses)
                if stopping:
                    self._stop()
        if self.history:
            self._summarize(self.history)

    def _batches(self) -> Iterator[dict[str, tf.Tensor]]:
        def shares(context: tf.distribute.InputContext) -> tf.data.Dataset:
            dataset = make_dataset(
                self.config,
                keys.TRAIN,
                clips=self.clips,
                start_step=self.state.step,
                worker=context.input_pipeline_id,
                workers=context.num_input_pipelines,
            )
            return dataset.rebatch(
                context.get_per_replica_batch_size(self.config.training.batch_size)
            )

        distributed = iter(self.strategy.distribute_datasets_from_function(shares))
        while self.state.step < self.total_steps:
            yield next(distributed)

    def _make_step(self, refine: bool) -> tf.types.experimental.GenericFunction:
        def step(
            batch: dict[str, tf.Tensor], asked: tf.Tensor
        ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            terms = self.strategy.run(self.trainer.train_step, (batch, refine))
            self.trainer.update_averages()
            means = {
                term: self.strategy.reduce("SUM", value, axis=0) / self.config.training.batch_size
                for term, value in terms.items()
            }
            # Whoever is asked to stop, all workers stop after the same step.
            return means, self.strategy.reduce("SUM", self.strategy.run(lambda: asked), axis=None)

        return as_graph(step)

    def _step(self, batch: dict[str, tf.Tensor]) -> tuple[dict[str, float], bool]:
        """One step; its mean losses, and whether it has to be the last for now."""
        number = self.state.step + 1
        for optimizer in self.trainer.optimizers.values():
            optimizer.learning_rate.assign(self.schedule.learning_rate(number))
        asked_here = tf.constant(bool(self._signals.number), tf.int32)
        means, asked = self._steps[self.schedule.refines(number)](batch, asked_here)
        losses = {term: float(value) for term, value in means.items()}
        for term, value in losses.items():
            if not math.isfinite(value):
                raise RuntimeError(
                    f"the {term} loss is {value} at step {number}; checkpoints up to "
                    f"then are in {self.checkpoints.location}. Try a lower --learning_rate"
                )
        self.state = dataclasses.replace(self.state, step=number)
        return losses, bool(asked)

    def _stop(self) -> None:
        number = self._signals.number or signal.SIGTERM
        why = f"stopped by {signal.Signals(number).name}"
        why = why if self._signals.number else "another worker was asked to stop"
        if not self.chief:
            raise InterruptedRunError(f"{why}; the chief worker saves a checkpoint", number)
        path = self.checkpoints.save(self.trainer, self.state)
        raise InterruptedRunError(f"{why}; saved {path}, go on with --resume", number)

    def _after_step(self, losses: dict[str, float]) -> None:
        step, last = self.state.step, self.state.step == self.total_steps
        row: dict[str, float] = {
            "step": step,
            "epoch": step / self.schedule.epoch_steps,
            "learning_rate": self.schedule.learning_rate(step),
            **losses,
        }
        validate = self.validation and (last or step % self.options.validate_every == 0)
        log = validate or last or step % self.options.log_every == 0
        if log:
            row.update(self.masks.look(step).row())
        if validate:
            row.update(self._validate())
        if self.history and log:
            self.history.add(row)
            if validate:
                self.history.draw()
        if self.chief and (last or step % self.options.checkpoint_every == 0):
            self.checkpoints.save(self.trainer, self.state)

    def _validate(self) -> dict[str, float]:
        assert self.validation
        # All workers do this together, since batch norms ask each other for their statistics.
        refined = self.schedule.refines(self.state.step)
        scores = self.validation.scores(refined)
        panel = self.validation.panel(refined, scores.masks.caption())
        row = {"validation_l1": scores.l1, "copy_l1": scores.copy_l1, **scores.masks.row()}
        if scores.refinement_cost is not None:
            row["refinement_cost"] = scores.refinement_cost
        decisive, across = scores.l1, ""
        if scores.across_l1 is not None:
            row["across_l1"] = scores.across_l1
            across = f", driven by another identity {scores.across_l1:.4f}"
            if self.config.data.driver_identity != SAME:
                decisive = scores.across_l1
        # Frames from the driver's own mask, before that, cannot be compared with those of use.
        better = refined and decisive < self.state.best_l1
        if better:
            self.state = dataclasses.replace(self.state, best_l1=decisive)
        if self.history:
            step = self.state.step
            write_picture(Path(self.options.run_dir, "panels", f"step-{step:08d}.png"), panel)
            self.history.add_panel(panel, step)
            tqdm.write(
                f"step {step}: L1 of unseen clips {scores.l1:.4f}{across}, "
                f"of copying the source {scores.copy_l1:.4f}",
                file=sys.stderr,
            )
            if better:
                self.checkpoints.save(self.trainer, self.state, BEST)
        return row

    def _load_initial_weights(self) -> None:
        name = self.options.initial_weights
        path = find_weights(DEFAULT_PRESET if name == EMBEDDED else name)
        arrays = read_arrays(path)
        anew: list[str] = []
        for networks in filter(None, (self.trainer.networks, self.trainer.averages)):
            chosen = [getattr(networks, name) for name in self.options.initial_networks]
            if self.options.initial_matching:
                anew = assign_matching(chosen, arrays)
            else:
                assign_weights(chosen, arrays, path)
        if anew:
            _log.warning("%d variables start anew: %s", len(anew), ", ".join(anew))

    def _make_validation(self) -> Validation | None:
        try:
            clips: ClipSource = open_clips(self.config, keys.TEST)
        except ValueError as error:
            _log.warning("no validation: %s", error)
            return None
        if self.config.data.driver_identity != SAME and not any(find_partners(clips.names)):
            _log.warning(
                "no test clip has a partner, so validation cannot let another identity drive; "
                "hold out more clips"
            )
        frames = self.options.validation_frames
        return Validation(self.config, self.trainer.results, clips, frames)

    def _summarize(self, history: History) -> None:
        print(f"trained to step {self.state.step}; everything is in {self.options.run_dir}:")
        print(f"  losses and validation  {history.draw()}, history.csv")
        if self.validation:
            print(f"  intermediates          {self.options.run_dir}/panels/")
        print(f"  weights                {self.checkpoints.steps()[-1]}")
        print(f"look closer: tensorboard --logdir={self.options.run_dir}/tensorboard")
