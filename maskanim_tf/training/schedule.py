"""What changes with the steps of a run: the learning rate, and who learns."""

from __future__ import annotations

import dataclasses

from maskanim_tf.config import Config


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The epochs of a run and what they decide; the first step is 1.

    Attributes:
      config: configuration of the run.
      epoch_steps: steps of an epoch.
    """

    config: Config
    epoch_steps: int

    @property
    def total_steps(self) -> int:
        """Number of the last step."""
        training = self.config.training
        steps = training.epochs * self.epoch_steps
        return min(steps, training.max_steps) if training.max_steps else steps

    def epoch(self, step: int) -> int:
        """The epoch that a step is in, from 0."""
        return (step - 1) // self.epoch_steps

    def refines(self, step: int) -> bool:
        """Whether the mask refiner learns in a step; not in step 0, before the first one."""
        return self.epoch(step) >= self.config.loss.refiner_start_epoch

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step."""
        training = self.config.training
        passed = sum(self.epoch(step) >= milestone for milestone in training.milestones)
        return training.learning_rate * training.decay**passed
