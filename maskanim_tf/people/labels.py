"""Names of what a pixel shows."""

from __future__ import annotations

BACKGROUND, SKIN, HAIR, EYES, MOUTH, CLOTHES, WORN = range(7)
LABELS = ("background", "skin", "hair", "eyes", "mouth", "clothes", "worn")
