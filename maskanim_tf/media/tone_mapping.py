"""High dynamic range (HLG and PQ, ITU-R BT.2100) on a standard screen.

Levels become light in units of reference white (203 cd/m2, ITU-R BT.2408), BT.2020's primaries
become BT.709's, highlights are rolled off below the screen's white, and light becomes sRGB levels.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np

REFERENCE_WHITE = 203.0  # cd/m2
PEAK = 1000.0  # cd/m2, of the screen that HLG is shown on; PQ beyond it is clipped.
KNEE = 0.75  # Of the screen's white; light up to it stays as it is.
# From BT.2020 to BT.709, both with the white D65 (ITU-R BT.2087, inverted).
TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)
LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
STEPS = 4096  # Entries of the table from light to levels.
# ITU-T H.273, table 3.
TRANSFERS = {16: "pq", 18: "hlg"}


def map_tones(picture: np.ndarray, transfer: str) -> np.ndarray:
    """A picture for a standard screen.

    Args:
      picture: uint16 RGB `[height, width, 3]`, BT.2020, full range.
      transfer: a value of `TRANSFERS`.

    Returns:
      uint8 sRGB `[height, width, 3]`.
    """
    light = light_table(transfer)[picture >> 4]
    if transfer == "hlg":
        # The system gamma of a screen of 1000 cd/m2 works on luminance (BT.2100, table 5).
        luminance = np.maximum(light @ LUMINANCE, 1e-6)[..., None]
        light *= luminance**0.2 * (PEAK / REFERENCE_WHITE)
    light = np.maximum(cv2.transform(light, TO_BT709), 0)
    strongest = light.max(-1, keepdims=True)
    light *= roll_off(strongest) / np.maximum(strongest, 1e-6)
    return level_table()[np.minimum(light * (STEPS - 1) + 0.5, STEPS - 1).astype(np.uint16)]


def roll_off(light: np.ndarray) -> np.ndarray:
    """Light in units of reference white squeezed into [0, 1]; smooth and monotonic.

    Linear up to the knee, from there a hyperbola of the same slope that reaches 1 at the peak.
    """
    top = PEAK / REFERENCE_WHITE
    excess = np.minimum(light, top) - KNEE
    room, span = 1 - KNEE, top - KNEE
    # h(x) = x / (1 + x s): slope 1 at 0, and h(span) = room.
    bend = 1 / room - 1 / span
    return np.where(excess > 0, KNEE + excess / (1 + np.maximum(excess, 0) * bend), light)


@functools.cache
def light_table(transfer: str) -> np.ndarray:
    """Light of 12-bit levels, float32 `[4096]`: of the scene for HLG, of the screen for PQ."""
    level = np.arange(4096) / 4095
    if transfer == "hlg":
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
    else:
        m1, m2 = 2610 / 16384, 2523 / 32
        c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
        root = level ** (1 / m2)
        light = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
        light /= REFERENCE_WHITE
    return light.astype(np.float32)


@functools.cache
def level_table() -> np.ndarray:
    """The sRGB levels of light in [0, 1], uint8 `[STEPS]`."""
    light = np.arange(STEPS) / (STEPS - 1)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * curve).astype(np.uint8)
