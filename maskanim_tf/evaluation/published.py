"""The figures of the paper's tables 1 to 3, to stand beside measured ones."""

from __future__ import annotations

from maskanim_tf.evaluation.metrics import AED, AKD, CSIM, L1, MKR, SSIM

# What people were asked about films.
QUALITY, MOTION = QUESTIONS = ("quality", "motion")
FOMM = "FOMM"
_METHODS = ("X2Face", "Monkey-Net", FOMM, "the paper")
_TABLE_1 = {
    "taichi": {
        L1: (0.080, 0.077, 0.063, 0.047),
        AKD: (17.654, 10.798, 6.862, 4.239),
        MKR: (0.109, 0.059, 0.036, 0.015),
        AED: (0.272, 0.228, 0.179, 0.147),
    },
    "vox": {
        L1: (0.078, 0.049, 0.043, 0.034),
        AKD: (7.687, 1.878, 1.294, 1.329),
        AED: (0.405, 0.199, 0.140, 0.130),
    },
    "robonet": {L1: (0.065, 0.034, 0.027, 0.021)},
}
# Few-shot learning on VoxCeleb1, the paper's row without fine-tuning.
_TABLE_2 = {"vox": {SSIM: 0.80, CSIM: 0.70}}
# Percent of 25 people who chose a method's film for its quality, and for its motion.
_TABLE_3 = {
    "taichi": {QUALITY: (0, 4, 16, 80), MOTION: (0, 4, 8, 88)},
    "vox": {QUALITY: (0, 8, 16, 76), MOTION: (0, 0, 12, 88)},
    "robonet": {QUALITY: (0, 4, 24, 72), MOTION: (4, 4, 16, 76)},
}


def published_rows(dataset: str) -> dict[str, dict[str, float]]:
    """Per method the published value of each metric; empty for other data sets."""
    rows = {
        f"{method}, published": {
            metric: values[index] for metric, values in _TABLE_1.get(dataset, {}).items()
        }
        for index, method in enumerate(_METHODS)
    }
    if dataset in _TABLE_2:
        rows["the paper, few-shot"] = _TABLE_2[dataset]
    return {method: values for method, values in rows.items() if values}


def published_fomm(dataset: str) -> dict[str, float]:
    """The published row that improvement is counted from; empty for other data sets."""
    return published_rows(dataset).get(f"{FOMM}, published", {})


def published_choices(dataset: str, question: str) -> dict[str, int]:
    """Per method the percent of people who chose it; empty for other data sets."""
    return dict(zip(_METHODS, _TABLE_3.get(dataset, {}).get(question, ())))
