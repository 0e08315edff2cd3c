import av
import cv2
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.inference import at_precision, precision, resolve_precision, rewrite
from maskanim_tf.inference.precision import AUTO, BFLOAT16, FLOAT32, processor_flags
from maskanim_tf.models import load_animator
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.puppets import make_clip
from maskanim_tf.samples import PORTRAIT, SPEAKER
from tests.animators import scrambled_animator
from tests.helpers import random_frames

CPU_INFO = "processor\t: 0\nmodel name\t: some\nflags\t\t: fpu avx2 avx512_bf16 amx_bf16\n\n"


@pytest.fixture
def processor(monkeypatch):
    """Makes the machine one without a GPU whose processor has the given flags."""
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    return lambda *flags: monkeypatch.setattr(precision, "processor_flags", lambda: {*flags})


def test_flags_are_read_from_what_linux_tells(tmp_path):
    (tmp_path / "cpuinfo").write_text(CPU_INFO)
    found = processor_flags(tmp_path / "cpuinfo")
    assert found == {"fpu", "avx2", "avx512_bf16", "amx_bf16"}
    assert processor_flags(tmp_path / "absent") == frozenset()


@pytest.mark.parametrize(
    ("flags", "limit", "expected", "reason"),
    [
        (("avx2",), "", FLOAT32, "neither amx_bf16 nor avx512_bf16"),
        (("avx512_bf16",), "", BFLOAT16, "the processor has avx512_bf16"),
        (("avx512_bf16", "amx_bf16"), "", BFLOAT16, "the processor has amx_bf16"),
        (("avx512_bf16", "amx_bf16"), "AVX512_CORE_BF16", BFLOAT16, "avx512_bf16"),
        (("avx512_bf16", "amx_bf16"), "AVX2", FLOAT32, "ONEDNN_MAX_CPU_ISA=AVX2 keeps"),
        (("avx512_bf16",), "AVX512_CORE_VNNI", FLOAT32, "ONEDNN_MAX_CPU_ISA=AVX512_CORE_VNNI"),
    ],
)
def test_auto_follows_the_processor(processor, monkeypatch, flags, limit, expected, reason):
    processor(*flags)
    if limit:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    lines = []
    assert resolve_precision(AUTO, lines.append) == expected
    (line,) = lines
    assert line.startswith(f"precision: {expected}, since")
    assert reason in line


def test_emulated_bfloat16_works_with_one_warning(processor, caplog):
    processor("avx2")
    with caplog.at_level("WARNING"):
        assert resolve_precision(BFLOAT16) == BFLOAT16
        assert resolve_precision(FLOAT32) == FLOAT32
    (record,) = caplog.records
    assert "bfloat16 will be slow" in record.getMessage()
    with pytest.raises(ValueError, match="precision is 'half', but must be one of auto"):
        resolve_precision("half")


def puppets(size):
    return [as_floats(np.stack(make_clip(7, i, size=size, frames=4).frames)) for i in range(2)]


def people(size):
    portrait = cv2.imread(str(PORTRAIT))[..., ::-1]
    with av.open(str(SPEAKER)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)][::12]
    pictures = [
        cv2.resize(each, (size, size), interpolation=cv2.INTER_AREA) for each in (portrait, *frames)
    ]
    return as_floats(np.stack(pictures[:1])), as_floats(np.stack(pictures[1:]))


@pytest.mark.parametrize(("name", "clips"), [("puppets64", puppets), ("people128", people)])
def test_bfloat16_frames_of_trained_weights_are_near(name, clips):
    animator, config = load_animator(name)
    source, driving = clips(config.model.image_size)
    source = source[:1]
    forms = animator, rewrite(animator, precision=BFLOAT16)
    encoded = [form.encode_source(source) for form in forms]
    whole, half = (form.animate(each, driving) for form, each in zip(forms, encoded))
    for key in (keys.SOURCE_MASK, keys.DRIVING_MASK):
        assert half[key].dtype == tf.float32
        assert np.quantile(np.abs(half[key] - whole[key]), 0.999) < 0.02, key
    # A pixel of the driver's mask that is near the threshold of P_test may fall on its other side,
    # and around it the refined mask differs; so both are made of the same perturbed mask.
    repeated = [
        {key: tf.repeat(value, len(driving), 0) for key, value in each.items()} for each in encoded
    ]
    refined = [
        form.render(each, whole[keys.PERTURBED_MASK])[keys.REFINED_MASK].numpy()
        for form, each in zip(forms, repeated)
    ]
    assert np.quantile(np.abs(refined[1] - refined[0]), 0.999) < 0.02
    error = np.mean(np.square(half[keys.FRAME] - whole[keys.FRAME]))
    assert 40 < -10 * np.log10(error) < 80


def test_bfloat16_weights_take_half_the_space():
    animator = scrambled_animator()
    half, whole = (
        rewrite(animator, shared=True, precision=p).networks.high_res_generator.hourglass
        for p in (BFLOAT16, FLOAT32)
    )
    for small, large in zip(half.down_blocks, whole.down_blocks):
        kernels = small.convolution.kernel, large.convolution.kernel
        assert [kernel.dtype for kernel in kernels] == [tf.bfloat16, tf.float32]
    assert at_precision(animator, FLOAT32) is animator
    frame = at_precision(animator, BFLOAT16)(
        {keys.SOURCE: random_frames(1), keys.DRIVING: random_frames(1, seed=1)}
    )[keys.FRAME]
    assert frame.dtype == tf.float32
