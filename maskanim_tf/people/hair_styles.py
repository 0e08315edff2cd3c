"""How hair of each style grows."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Style:
    """Growth of hair; lengths in units of the mesh (a head is about 2.3 high).

    Attributes:
        cards: strips of hair.
        length: least and greatest.
        sides: factor of the length at the lower edge of the scalp.
        volume: thickness of the layer above the skin, least and greatest.
        comb: where hair goes: `part` (to both sides), `side` (across from a low parting), `back`,
            `forward`, `up`, `out` (away from the skin), `tie` (to the back of the head).
        gravity: how fast strands turn downwards.
        jitter: of the direction.
        wave: amplitude of waves.
        turns: waves per unit of length.
        clump: how far the tips of neighbours join, 0 to 1.
        width: of a card.
        fringe: whether hair in front falls over the forehead.
        gather: what hair at the back forms: ``, `tail`, `bun` or `braids`.
        steps: pieces of a strand.
        cling: how closely hair lies on the head, 0 to 1.
        look: columns of the strand texture, from the roots' layer to the outer one.
    """

    cards: int
    length: tuple[float, float]
    sides: float = 1.0
    volume: tuple[float, float] = (0.08, 0.2)
    comb: str = "part"
    gravity: float = 0.3
    jitter: float = 0.1
    wave: float = 0.0
    turns: float = 1.2
    clump: float = 0.4
    width: float = 0.12
    fringe: bool = False
    gather: str = ""
    steps: int = 8
    cling: float = 0.6
    look: tuple[int, ...] = (0, 0, 1, 1, 2)


_CURLY = (3, 3, 3, 1)
STYLES = {
    "bald": None,
    "buzz": None,
    "receding": Style(620, (0.25, 0.5), 0.7, (0.03, 0.07), "back", 0.2, 0.14, steps=4, width=0.09),
    "short": Style(900, (0.45, 0.75), 0.45, (0.05, 0.13), "side", 0.16, 0.2, steps=5, width=0.09),
    "crop": Style(900, (0.28, 0.48), 0.6, (0.04, 0.08), "forward", 0.1, 0.22, steps=4, width=0.09),
    "side": Style(
        700, (0.7, 1.0), 0.35, (0.10, 0.22), "side", 0.14, 0.12, steps=6, clump=0.5, width=0.10
    ),
    "back": Style(
        640, (0.9, 1.3), 0.6, (0.06, 0.14), "back", 0.14, 0.1, steps=7, clump=0.5, width=0.1
    ),
    "quiff": Style(
        760,
        (0.4, 0.65),
        0.35,
        (0.08, 0.2),
        "up",
        0.04,
        0.15,
        steps=5,
        clump=0.5,
        width=0.09,
        cling=0.0,
    ),
    "pixie": Style(
        800, (0.55, 0.85), 0.6, (0.08, 0.17), "forward", 0.18, 0.2, steps=5, fringe=True, width=0.09
    ),
    "medium": Style(480, (1.0, 1.5), 0.8, (0.10, 0.2), "part", 0.3, 0.12, 0.02, steps=9),
    "bob": Style(460, (1.5, 1.9), 0.62, (0.10, 0.22), "part", 0.36, 0.06, steps=10, clump=0.3),
    "fringe": Style(500, (1.7, 3.0), 0.8, (0.10, 0.2), "part", 0.36, 0.06, steps=10, fringe=True),
    "long": Style(460, (2.5, 3.6), 0.9, (0.08, 0.2), "part", 0.36, 0.06, steps=10, clump=0.45),
    "waves": Style(
        440, (2.2, 3.2), 0.9, (0.12, 0.3), "part", 0.32, 0.10, 0.07, 0.9, 0.6, 0.14, steps=12
    ),
    "curls": Style(
        *(760, (0.8, 1.5), 0.8, (0.16, 0.36), "out", 0.26, 0.3, 0.07, 2.6, 0.55, 0.13),
        steps=11,
        cling=0.0,
        look=_CURLY,
    ),
    "afro": Style(
        *(1300, (0.35, 0.85), 0.75, (0.2, 0.6), "out", 0.0, 0.35, 0.05, 3.0, 0.15, 0.14),
        steps=5,
        cling=0.0,
        look=(3,),
    ),
    "bun": Style(460, (1.6, 1.9), 1.0, (0.03, 0.07), "tie", 0.0, 0.05, steps=9, gather="bun"),
    "ponytail": Style(460, (1.6, 1.9), 1.0, (0.03, 0.07), "tie", 0.0, 0.05, steps=9, gather="tail"),
    "braids": Style(460, (1.6, 1.9), 1.0, (0.03, 0.06), "tie", 0.0, 0.05, steps=9, gather="braids"),
    "cap": Style(300, (0.35, 0.7), 0.8, (0.04, 0.1), "back", 0.3, 0.15, steps=5),
    "hat": Style(320, (1.2, 2.8), 0.9, (0.05, 0.12), "part", 0.36, 0.06, steps=10, clump=0.45),
    "scarf": None,
}
