"""In how many bits trained networks compute: what was asked for, or what this machine is good at.

bfloat16 has the range of float32 and 8 bits of precision. Processors with AMX or AVX-512 BF16 and
GPUs since Ampere multiply it several times as fast as float32; all others only emulate it, slower
than float32.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

_log = logging.getLogger(__name__)

PRECISIONS = (AUTO, FLOAT32, BFLOAT16) = ("auto", "float32", "bfloat16")

# What a processor's flags call the instructions, best first.
BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")
# What ONEDNN_MAX_CPU_ISA may be set to without taking these instructions away.
_LIMITS = {
    "amx_bf16": ("DEFAULT", "ALL", "AVX512_CORE_AMX", "AVX512_CORE_AMX_FP16"),
    "avx512_bf16": (
        *("DEFAULT", "ALL", "AVX512_CORE_BF16", "AVX512_CORE_FP16"),
        *("AVX512_CORE_AMX", "AVX512_CORE_AMX_FP16"),
    ),
}
AMPERE = (8, 0)


def resolve_precision(wanted: str = AUTO, report: Callable[[str], object] = _log.info) -> str:
    """The precision to compute in, float32 or bfloat16; one line says which and why.

    Args:
      wanted: one of `PRECISIONS`. `auto` is bfloat16 where it is fast. bfloat16 works everywhere,
        with a warning where it will be slow.
      report: takes that line.

    Raises:
      ValueError: unknown precision.
    """
    if wanted not in PRECISIONS:
        raise ValueError(f"precision is {wanted!r}, but must be one of {', '.join(PRECISIONS)}")
    fast, reason = fast_bfloat16()
    if wanted == AUTO:
        chosen = BFLOAT16 if fast else FLOAT32
        report(f"precision: {chosen}, since {reason}")
        return chosen
    if wanted == BFLOAT16 and not fast:
        _log.warning("bfloat16 will be slow, since %s; float32 is faster here", reason)
    else:
        report(f"precision: {wanted}, as asked for")
    return wanted


def fast_bfloat16() -> tuple[bool, str]:
    """Whether bfloat16 is faster than float32 on the device that TensorFlow will use, and why."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        name = details.get("device_name", "the GPU")
        if tuple(details.get("compute_capability", (0, 0))) >= AMPERE:
            return True, f"{name} has it"
        return False, f"{name} has no fast bfloat16"
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return False, "TF_ENABLE_ONEDNN_OPTS=0 keeps TensorFlow from using it"
    found = [flag for flag in BFLOAT16_FLAGS if flag in processor_flags()]
    if not found:
        return False, f"the processor has neither {' nor '.join(BFLOAT16_FLAGS)}"
    # oneDNN still reads the older name.
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA", "DEFAULT")
    allowed = [flag for flag in found if limit.upper() in _LIMITS[flag]]
    if not allowed:
        return False, f"ONEDNN_MAX_CPU_ISA={limit} keeps oneDNN from using {found[0]}"
    return True, f"the processor has {allowed[0]}"


def processor_flags(path: str | os.PathLike[str] = "/proc/cpuinfo") -> frozenset[str]:
    """The instruction sets that Linux names; none on other systems."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return frozenset(flags.split())
    return frozenset()
