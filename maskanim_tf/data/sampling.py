"""Which clip and which frames a training sample is made of: a pure function of seed and index.

Nothing is remembered between samples, so the same index gives the same sample after a resume, on
any worker and in any order of work.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Sequence

import numpy as np

from maskanim_tf.config import AugmentationConfig, DataConfig
from maskanim_tf.config.sections import MIXED, OTHER, SAME
from maskanim_tf.data.partners import identity_of, require_partners

_log = logging.getLogger(__name__)

# First words of the keys of random generators, so that different uses never share a stream.
_ORDER, _SAMPLE, _DRIVER = 1, 2, 3


@dataclasses.dataclass(frozen=True)
class Draw:
    """One training sample, before any pixel is read.

    Attributes:
      clip: index of the clip of source and target.
      driver: index of the clip of the driver; `clip` where nobody else drives.
      source: frame number of the source.
      driving: frame number of the driver and of the target.
      mirrored: whether all are mirrored horizontally.
      seed: two numbers in [0, 2^31), for everything that is drawn in TensorFlow.
    """

    clip: int
    driver: int
    source: int
    driving: int
    mirrored: bool
    seed: tuple[int, int]


class Sampler:
    """Draws samples from clips.

    In every pass each clip is drawn once, in a new order; an epoch is `repeats` passes. With id
    sampling each person is drawn once per pass, then one of the person's clips. Where another
    identity drives, one of the clip's partners is drawn besides (see `data.partners`).

    Args:
      names: names of the clips; the part before `#` is the id.
      frame_counts: number of frames of each clip, at least 2.
      data: repeats, id sampling, and who drives.
      augmentation: probabilities of the flips.
      seed: of every draw.

    Raises:
      ValueError: there is no clip, or one has fewer than two frames, or others are to drive and no
        clip has a partner.
    """

    def __init__(
        self,
        names: Sequence[str],
        frame_counts: np.ndarray,
        data: DataConfig,
        augmentation: AugmentationConfig,
        seed: int,
    ):
        if not len(names):
            raise ValueError("no clip to draw samples from")
        if min(frame_counts) < 2:
            short = names[int(np.argmin(frame_counts))]
            raise ValueError(f"clip {short!r} has one frame, but training needs at least two")
        self._frame_counts = frame_counts
        self._augmentation = augmentation
        self._repeats = data.repeats
        self._seed = seed
        self._other_share = {SAME: 0.0, MIXED: data.other_identity_share, OTHER: 1.0}[
            data.driver_identity
        ]
        groups = group_by_id(names) if data.id_sampling else [[i] for i in range(len(names))]
        self._partners: list[list[int]] = [[] for _ in names]
        if data.driver_identity != SAME:
            self._partners = require_partners(names, f"driver_identity={data.driver_identity}")
        if data.driver_identity == OTHER:
            groups = self._with_partners(groups)
        self._groups = groups
        self._order = functools.lru_cache(maxsize=4)(self._new_order)

    @property
    def epoch_size(self) -> int:
        """Samples of one epoch."""
        return len(self._groups) * self._repeats

    def draw(self, index: int, attempt: int = 0) -> Draw:
        """Sample number `index` of the endless stream.

        `attempt` counts how many clips turned out to be unreadable for this sample; each moves on
        to the next clip of the pass.
        """
        number, position = divmod(index, len(self._groups))
        group = self._groups[self._order(number)[(position + attempt) % len(self._groups)]]
        rng = np.random.default_rng((_SAMPLE, self._seed, index, attempt))
        clip = group[int(rng.integers(len(group)))]
        driver = self._draw_driver(clip, index, attempt)
        frames = min(self._frame_counts[clip], self._frame_counts[driver])
        earlier, later = np.sort(rng.choice(frames, 2, replace=False)).tolist()
        reverse, mirror = rng.random(2)
        if reverse < self._augmentation.time_flip:
            earlier, later = later, earlier
        first, second = rng.integers(2**31, size=2).tolist()
        mirrored = bool(mirror < self._augmentation.horizontal_flip)
        return Draw(clip, driver, earlier, later, mirrored, (first, second))

    def _draw_driver(self, clip: int, index: int, attempt: int) -> int:
        partners = self._partners[clip]
        if not partners:
            return clip
        # A stream of its own: whoever drives, source and target stay the same.
        rng = np.random.default_rng((_DRIVER, self._seed, index, attempt))
        other, which = rng.random(), int(rng.integers(len(partners)))
        return partners[which] if other < self._other_share else clip

    def _with_partners(self, groups: list[list[int]]) -> list[list[int]]:
        """The groups without clips that nobody else can drive."""
        alone = sum(not others for others in self._partners)
        if alone:
            _warn_once(alone, len(self._partners))
        kept = [[clip for clip in group if self._partners[clip]] for group in groups]
        return [group for group in kept if group]

    def _new_order(self, number: int) -> np.ndarray:
        rng = np.random.default_rng((_ORDER, self._seed, number))
        return rng.permutation(len(self._groups))


def group_by_id(names: Sequence[str]) -> list[list[int]]:
    """Indices of the clips of each person: names that agree up to the first `#` share one."""
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        groups.setdefault(identity_of(name), []).append(index)
    return list(groups.values())


def hold_out(names: Sequence[str], count: int, seed: int) -> tuple[list[int], list[int]]:
    """A seeded split into training and test clips, by person where names carry an id.

    The order of `names` does not matter. With ids, whole persons are held out until at least
    `count` clips are.

    Returns:
      Indices of the training clips and of the test clips, each rising.

    Raises:
      ValueError: no clip would be left for training.
    """
    groups = sorted(group_by_id(names), key=lambda group: identity_of(names[group[0]]))
    order = np.random.default_rng((_ORDER, seed)).permutation(len(groups))
    test: list[int] = []
    for group in order:
        if len(test) >= count:
            break
        test.extend(groups[group])
    if len(test) >= len(names):
        raise ValueError(
            f"held_out is {count}, but must leave clips for training; there are {len(names)}"
        )
    return sorted(set(range(len(names))) - set(test)), sorted(test)


@functools.cache
def _warn_once(alone: int, clips: int) -> None:
    _log.warning(
        "%d of %d clips show a motion that no other identity shows; they are left out "
        "(--driver_identity=mixed keeps them)",
        alone,
        clips,
    )
