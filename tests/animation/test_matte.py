import av
import numpy as np
import pytest
from PIL import Image

from maskanim_tf.animation import AnimationOptions, FrameGenerator, animate_video
from maskanim_tf.animation.matte import opacity
from maskanim_tf.keys import FRAME, REFINED_MASK
from maskanim_tf.ops.pixels import as_floats
from tests.animation.material import SIZE, pixels
from tests.media.clip_files import write_picture, write_sounding_video


def portrait(inside=0.8, outside=0.05, side=64):
    """A head and shoulders that reach the lower edge."""
    rows, columns = np.mgrid[:side, :side]
    head = np.hypot(columns - 32, rows - 26) < 12
    body = (rows > 40) & (np.abs(columns - 32) < 20)
    return np.where(head | body, inside, outside).astype(np.float32)[..., None], head | body


@pytest.mark.parametrize(("inside", "outside"), [(0.8, 0.05), (0.1, 0.7)])
def test_the_object_is_opaque_and_the_rest_is_not(inside, outside):
    mask, shape = portrait(inside, outside)
    # What padding spoils.
    mask[:2] = mask[-2:] = mask[:, :2] = mask[:, -2:] = 0
    frame = np.where(shape[..., None], 0.9, 0.2).repeat(2, 0).repeat(2, 1) * np.ones(3)
    alpha = opacity(mask, frame)
    assert alpha.shape == (128, 128, 1)
    assert alpha.dtype == np.float32
    large = shape.repeat(2, 0).repeat(2, 1)
    assert np.abs(alpha[..., 0] - large).mean() < 0.02
    assert alpha[large].min() > 0.4
    assert alpha[127, 64] > 0.95  # Down to the last row.
    assert alpha[0].max() < 0.05


def test_an_edge_of_the_frame_is_an_edge_of_the_matte():
    mask, _ = portrait()
    # The shape in the frame ends one mask pixel higher than the mask says.
    frame = np.full((128, 128, 3), 0.1, np.float32)
    frame[29:, 40:88] = 0.9
    column = opacity(mask, frame)[:, 64, 0]
    plain = opacity(mask, np.full((128, 128, 3), 0.5, np.float32))[:, 64, 0]
    assert np.diff(column).max() > 1.5 * np.diff(plain).max()


def test_a_mask_without_an_object_leaves_all_opaque():
    assert (opacity(np.full((64, 64, 1), 0.3, np.float32), np.ones((64, 64, 3))) == 1).all()


class Painter(FrameGenerator):
    """Whose frames are its driver's, and whose refined mask is a portrait."""

    label = "a painter"
    image_size = SIZE
    outputs = (FRAME, REFINED_MASK)

    def animate(self, driving, wanted=(), masks=None):
        mask = np.repeat(portrait()[0][None], len(driving), 0)
        known = {FRAME: as_floats(driving), REFINED_MASK: mask}
        return {key: known[key] for key in wanted}


def test_films_and_pictures_are_transparent(tmp_path):
    write_picture(tmp_path / "source.png", pixels(1, seed=9)[0])
    write_sounding_video(tmp_path / "driver.mp4", pixels(4))
    inputs = Painter(), tmp_path / "source.png", tmp_path / "driver.mp4"
    for name in ("out.webm", "out.webp", "out"):
        animate_video(*inputs, tmp_path / name, AnimationOptions(alpha=True))
    with Image.open(tmp_path / "out" / "frame-000002.png") as picture:
        assert picture.mode == "RGBA"
        expected = np.asarray(picture).astype(int)
    assert 0 <= expected[..., 3].min() < expected[..., 3].max() <= 255
    with Image.open(tmp_path / "out.webp") as movie:
        movie.seek(2)
        found = {"webp": np.asarray(movie.convert("RGBA")).astype(int)}
    with av.open(str(tmp_path / "out.webm")) as container:
        stream = container.streams.video[0]
        assert {k.lower(): v for k, v in stream.metadata.items()}["alpha_mode"] == "1"
        assert container.streams.audio[0].codec_context.codec.canonical_name == "opus"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [f for packet in container.demux(stream) for f in decoder.decode(packet)]
    assert len(frames) == 4
    assert frames[0].format.name == "yuva420p"
    found["webm"] = frames[2].to_ndarray(format="rgba").astype(int)
    for name, picture in found.items():
        assert np.abs(picture[..., 3] - expected[..., 3]).mean() < 12, name
    options = AnimationOptions(alpha=True)
    for name in ("out.mp4", "out.gif"):
        with pytest.raises(ValueError, match=r"no transparency; give an --output ending in \.webm"):
            animate_video(*inputs, tmp_path / name, options)
    with pytest.raises(ValueError, match="--alpha is for the result alone"):
        AnimationOptions(alpha=True, view="all")
    assert expected.shape[0] == SIZE
