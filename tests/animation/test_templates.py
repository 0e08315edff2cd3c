import io
import pickle
from fractions import Fraction

import numpy as np
import pytest

from maskanim_tf.animate import AnimateOptions
from maskanim_tf.animate import main as animate_main
from maskanim_tf.animation import AnimationOptions
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.animation.pairs import combine, holds_many
from maskanim_tf.animation.templates import decoded, encoded, read_template, write_template
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.media.clips import clip_timing, probe_clip
from maskanim_tf.media.footage import open_footage
from maskanim_tf.models import Animator, build_networks
from maskanim_tf.ops.perturbation import rho, threshold
from maskanim_tf.template import TemplateOptions, main
from tests.animation.material import SIZE, frames_of, pixels
from tests.animation.template_files import rewritten
from tests.helpers import TINY_MODEL, random_frames
from tests.media.clip_files import (
    heard,
    sound_packets,
    write_picture,
    write_sounding_video,
    write_video,
)

COUNT = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory, generator):
    """A source, a driver with sound, and its template."""
    path = tmp_path_factory.mktemp("templates")
    write_picture(path / "source.png", pixels(1, seed=9)[0])
    write_sounding_video(path / "driver.mp4", pixels(COUNT), Fraction(30000, 1001), silence=0.1)
    driver = open_footage(path / "driver.mp4").squares(SIZE, "crop", False)
    write_template(path / "driver.npz", generator, driver, 3, sound=True)
    return path


@pytest.mark.parametrize("config", [{}, {"threshold": "fixed", "fixed_threshold": 60 / 255}])
def test_codes_keep_values_and_what_p_test_cuts(config):
    config = PerturbationConfig(**config)
    masks = random_frames(3, 16, channels=1, seed=4)
    flat = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 16, 16, 1)
    halves = np.repeat(np.float32([0, 1]), 128).reshape(1, 16, 16, 1)
    near = (0.3 + 1e-4 * random_frames(1, 16, channels=1)).astype(np.float32)
    for mask in (*masks, *flat, *halves, *(0 * flat), *(0 * flat + 1), *near):
        median = float(np.median(mask))
        kept = decoded(encoded(mask[..., 0], median), median)[..., None]
        assert np.abs(kept - mask).max() <= 0.501 / 255 + 1e-3 * median
        before, after = (
            threshold(m, rho(m, config)).numpy()[0] for m in (mask[None] + 0, kept[None] + 0)
        )
        # Zero itself is not told from what is cut to zero.
        np.testing.assert_array_equal((before > 0) | (mask == 0), (after > 0) | (mask == 0))


def test_a_template_makes_the_frames_of_its_film(animate, folder, tmp_path):
    for view in ("result", "all"):
        for driver in ("driver.mp4", "driver.npz"):
            inputs = folder / "source.png", folder / driver, f"{view}-{driver[-3:]}"
            _, done = animate(*inputs, view=view, batch_size=3)
            assert (done.frames, done.first_frame) == (COUNT, 0)
            assert done.fps == pytest.approx(30000 / 1001)
    film, template = (frames_of(tmp_path / f"result-{k}").astype(int) for k in ("mp4", "npz"))
    # Half a level of a mask is the most that a template changes; random networks amplify it.
    assert np.abs(film - template).max() <= 12
    assert np.abs(film - template).mean() < 0.05
    assert np.abs(film - film[:1]).mean() > 1


def test_rate_and_sound_are_those_of_the_film(animate, folder):
    for best in (False, True):
        sounds = []
        for driver in ("driver.mp4", "driver.npz"):
            inputs = folder / "source.png", folder / driver, f"{driver[-3:]}.mp4"
            output, _ = animate(*inputs, find_best_frame=best)
            sounds.append((sound_packets(output), heard(output)))
            assert clip_timing(probe_clip(output)) == pytest.approx(30000 / 1001)
        assert sounds[0] == sounds[1]
    output, _ = animate(*inputs, audio="none")
    assert not probe_clip(output).has_audio


def test_frames_of_uneven_length_keep_their_times(generator, folder, tmp_path):
    times = [0, 0.04, 0.2, 0.24, 0.5]
    write_video(tmp_path / "driver.mp4", pixels(5), times=times, options={"bf": "0"})
    driver = open_footage(tmp_path / "driver.mp4").squares(SIZE, "crop", False)
    write_template(tmp_path / "driver.npz", generator, driver, 3, sound=True)
    template = read_template(tmp_path / "driver.npz", generator)
    np.testing.assert_array_equal(template.timing(1), driver.timing(1))
    assert template.recording == b""


def test_folders_hold_templates_as_well(generator, folder, tmp_path):
    (tmp_path / "drivers").mkdir()
    for name in ("a.npz", "b.npz"):
        (tmp_path / "drivers" / name).write_bytes((folder / "driver.npz").read_bytes())
    inputs = str(folder / "source.png"), str(tmp_path / "drivers")
    assert holds_many(*inputs)
    pairs = combine(*inputs, tmp_path / "out")
    assert [pair.driving[-5:] for pair in pairs] == ["a.npz", "b.npz"]


def test_the_commands_make_and_take_a_template(checkpoint, folder, tmp_path, capsys):
    template, output = tmp_path / "driver.npz", tmp_path / "out"
    flags = {"checkpoint": str(checkpoint), "precision": "float32"}
    main(TemplateOptions(driving=str(folder / "driver.mp4"), output=str(template), **flags))
    told = capsys.readouterr().out
    assert told.startswith(f"{template}: 20 frames at 29.97 per second, masks of 16x16, ")
    inputs = {"source": str(folder / "source.png"), "driving": str(template)}
    animate_main(AnimateOptions(**inputs, output=str(output), **flags), AnimationOptions())
    assert len(frames_of(output)) == COUNT
    for wrong, message in (
        ({"output": "x.mp4"}, "must end in .npz"),
        ({"driving": str(template), "output": "x.npz"}, "is a template already"),
        ({}, "needs --driving"),
    ):
        with pytest.raises(ValueError, match=message):
            main(TemplateOptions(**{"driving": "x.mp4", "output": "", **wrong}))


def test_what_is_damaged_is_refused(generator, folder, tmp_path):
    path = tmp_path / "broken.npz"
    content = (folder / "driver.npz").read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 255
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    for damaged in (b"", content[:-40], bytes(flipped), array.getvalue(), pickle.dumps([1])):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"broken\.npz: is (damaged|no template)"):
            read_template(path, generator)
    for changes in (
        {"medians": np.zeros(COUNT - 1, np.float32)},
        {"seconds": np.zeros(COUNT)},
        {"sound": None},
        {"model": None},
        {"codes": np.array([[[None]]])},
        {"codes": np.zeros((0, 16, 16), np.uint8)},
    ):
        with pytest.raises(ValueError, match=r"broken\.npz: is damaged"):
            read_template(rewritten(folder / "driver.npz", path, **changes), generator)
    with pytest.raises(ValueError, match=r"broken\.npz: is no template; make one"):
        read_template(rewritten(folder / "driver.npz", path, template=None), generator)
    with pytest.raises(ValueError, match="is a template of layout 9"):
        read_template(rewritten(folder / "driver.npz", path, template=np.array(9)), generator)
    with pytest.raises(FileNotFoundError, match="there is no template"):
        read_template(tmp_path / "absent.npz", generator)


def test_what_does_not_fit_the_model_is_refused(generator, animate, folder, tmp_path, monkeypatch):
    template = folder / "driver.npz"
    other = AnimatorGenerator(
        Animator(TINY_MODEL, PerturbationConfig(), build_networks(TINY_MODEL))
    )
    with pytest.raises(ValueError, match="come from another model's mask generator"):
        read_template(template, other)
    codes = np.zeros((COUNT, 8, 8), np.uint8)
    with pytest.raises(ValueError, match="masks are 8x8 pixels, but those of this model 16x16"):
        read_template(rewritten(template, tmp_path / "t.npz", codes=codes), generator)
    monkeypatch.setattr(generator, "takes_masks", False)
    with pytest.raises(ValueError, match="the animator takes no masks"):
        animate(folder / "source.png", template)
    assert not (tmp_path / "out").exists()
