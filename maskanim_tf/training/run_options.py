"""Where and how a run happens."""

from __future__ import annotations

import dataclasses

from maskanim_tf.config import Section, TrainingConfig, option
from maskanim_tf.models import Networks
from maskanim_tf.training.strategy import STRATEGIES


@dataclasses.dataclass(frozen=True)
class RunOptions(Section):
    """Where and how a run happens; none of it changes what is learned."""

    run_dir: str = option("runs/latest", "directory of the run")
    checkpoint_dir: str = option(
        "", "folder or address of the checkpoints, such as s3://...; run_dir/checkpoints by default"
    )
    initial_weights: str = option(
        "",
        "weight file to start from, or the name of one that comes with the package; 'embedded' "
        "for the default",
    )
    initial_networks: tuple[str, ...] = option(
        Networks._fields,
        "those that initial_weights fill; others start anew",
        choices=Networks._fields,
    )
    initial_matching: bool = option(
        False, "variables that initial_weights lack, or have in another shape, start anew"
    )
    resume: bool = option(False, "go on from the last checkpoint of run_dir")
    strategy: str = option("auto", "how steps are spread over devices", choices=STRATEGIES)
    jit: bool = option(False, "networks compiled by XLA")
    minutes: float = option(
        0.0, "end after so many minutes of steps, if that comes first; 0 for no limit", minimum=0
    )
    log_every: int = option(50, "steps between rows of the history", minimum=1)
    validate_every: int = option(500, "steps between validations and panels", minimum=1)
    checkpoint_every: int = option(500, "steps between checkpoints", minimum=1)
    bit_exact: bool = option(False, "the same bits in every run on the same machine; slower")
    keep: int = option(3, "checkpoints that stay, besides the best", minimum=1)
    validation_frames: int = option(256, "frames that a validation reconstructs", minimum=1)
    flat_mask_steps: int = option(
        400, "steps after which masks that carry nothing end the run; 0 for never", minimum=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minutes and self.strategy == "multiworker":
            raise ValueError(
                "minutes is for one machine, since clocks differ; end a multiworker run by "
                "max_steps"
            )

    def check(self, training: TrainingConfig, replicas: int) -> None:
        """Raises ValueError where a batch cannot be shared out."""
        if training.batch_size % (replicas * training.accumulate):
            raise ValueError(
                f"batch_size is {training.batch_size}, but must be a multiple of "
                f"{replicas} replicas times {training.accumulate} accumulated parts"
            )
