"""Clips that show the same motion on another identity, found by their names.

`<identity>#motion<key>`: clips that agree in everything after the first `#`, where that begins with
`motion`, show the same motion through the same camera, frame by frame. Frame i of one is what
frame i of the other would be with the other's identity.
"""

from __future__ import annotations

from collections.abc import Sequence

from maskanim_tf.config.sections import MIXED, SAME

MOTION = "motion"


def identity_of(name: str) -> str:
    """Who a clip shows: its name up to the first `#`."""
    return name.split("#", 1)[0]


def motion_of(name: str) -> str:
    """Which motion a clip shows, or "" where its name does not say."""
    rest = name.partition("#")[2]
    return rest if rest.startswith(MOTION) else ""


def find_partners(names: Sequence[str]) -> list[list[int]]:
    """Per clip the indices of its partners: the clips of other identities with the same motion.

    They are in cyclic order from the clip on, so that every clip of a motion is the first partner
    of one other.
    """
    motions: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if motion_of(name):
            motions.setdefault(motion_of(name), []).append(index)
    partners: list[list[int]] = [[] for _ in names]
    for clips in motions.values():
        clips.sort(key=lambda clip: names[clip])
        for place, clip in enumerate(clips):
            others = clips[place + 1 :] + clips[:place]
            partners[clip] = [
                other for other in others if identity_of(names[other]) != identity_of(names[clip])
            ]
    return partners


def require_partners(names: Sequence[str], wish: str) -> list[list[int]]:
    """`find_partners`, for those who need at least one pair.

    Args:
      names: of the clips.
      wish: what asks for partners, for the message.

    Raises:
      ValueError: no clip has a partner.
    """
    partners = find_partners(names)
    if not any(partners):
        raise ValueError(
            f"{wish} needs clips of the same motion on several identities, but none of the "
            f"{len(names)} clips has a partner; name them <identity>#motion<key>, or make such "
            "data with --identities_per_motion=2"
        )
    return partners


def evaluation_drivers(
    names: Sequence[str], driver_identity: str, wish: str = ""
) -> list[tuple[int, int]]:
    """Clips and who drives each: (clip, driver), the same in every run.

    Args:
      names: of the clips.
      driver_identity: "same": every clip drives itself; "other": its first partner does, and clips
        without one are left out; "mixed": the same, but these drive themselves.
      wish: what asks for partners, for the message.

    Raises:
      ValueError: partners are asked for, and no clip has one.
    """
    if driver_identity == SAME:
        return [(clip, clip) for clip in range(len(names))]
    partners = require_partners(names, wish or f"driver_identity={driver_identity}")
    alone = driver_identity == MIXED
    return [
        (clip, others[0] if others else clip)
        for clip, others in enumerate(partners)
        if others or alone
    ]
