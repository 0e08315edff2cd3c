from fractions import Fraction

import numpy as np
import pytest

from maskanim_tf.animation import AnimationOptions, generate_frames
from maskanim_tf.animation.paste import Paste
from maskanim_tf.animation.whole_picture import even_sides, split_drivers, take_turns
from maskanim_tf.keys import FRAME, REFINED_MASK, SOURCE_MASK
from maskanim_tf.media.fitting import cut_square
from maskanim_tf.media.footage import open_footage
from maskanim_tf.ops.pixels import as_floats
from tests.animation.material import SIZE, decoded, frames_of, pixels
from tests.media.clip_files import (
    sound_packets,
    write_picture,
    write_sounding_video,
    write_video,
)

HEIGHT, WIDTH, COUNT = 75, 121, 6
LEFT, RIGHT = (4, 20, SIZE), (70, 28, SIZE)  # Left, top, side.
BOXES = {"left": f"4,20,{SIZE},{SIZE}", "right": f"70,28,{SIZE},{SIZE}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole")
    scene = pixels(1, seed=2, size=128)[0]
    for (left, top, side), seed in ((LEFT, 3), (RIGHT, 9)):
        scene[top : top + side, left : left + side] = pixels(1, seed=seed)[0]
    write_picture(path / "whole.png", scene[:HEIGHT, :WIDTH])
    write_picture(path / "even.png", scene[:74, :120])
    write_sounding_video(path / "driver.mp4", pixels(COUNT), Fraction(30000, 1001))
    write_video(path / "short.mp4", pixels(3, seed=7))
    return path


def whole(folder):
    return next(open_footage(folder / "whole.png").frames())


def outside(*squares):
    mask = np.ones((HEIGHT, WIDTH), bool)
    for left, top, side in squares:
        mask[top : top + side, left : left + side] = False
    return mask


def test_one_subject_moves_and_nothing_else(generator, animate, folder):
    inputs = folder / "whole.png", folder / "driver.mp4"
    output, done = animate(*inputs, subject=BOXES["right"])
    assert done.frames == COUNT
    made, picture = frames_of(output), whole(folder)
    assert made.shape == (COUNT, HEIGHT, WIDTH, 3)
    rest = outside(RIGHT)
    assert (made[:, rest] == picture[rest]).all()
    assert (made[:, ~rest] != picture[~rest]).mean() > 0.3
    assert (made[1] != made[0]).any()
    # By hand.
    source = cut_square(picture, *RIGHT, SIZE)
    drivers = open_footage(folder / "driver.mp4").frames()
    paste = Paste()
    for result, found in zip(generate_frames(generator, source, drivers), made):
        expected = picture.copy()
        masks = [result[SOURCE_MASK], result[REFINED_MASK]]
        paste.into(expected, RIGHT, as_floats(source), result[FRAME], masks)
        assert np.abs(expected.astype(int) - found).max() <= 1


def test_size_rate_and_sound_are_kept(animate, folder):
    for name, shape in (("even.png", (74, 120)), ("whole.png", (76, 122))):
        inputs = folder / name, folder / "driver.mp4"
        output, _ = animate(*inputs, "out.mp4", subject=BOXES["right"])
        frames, rate = decoded(output)
        assert frames.shape == (COUNT, *shape, 3)
        assert rate == pytest.approx(30000 / 1001)
        assert sound_packets(output) == sound_packets(folder / "driver.mp4")
    np.testing.assert_array_equal(even_sides(whole(folder))[:75, :121], whole(folder))


def test_several_subjects_have_a_driver_each(animate, folder):
    drivers = f"{folder}/driver.mp4,{folder}/short.mp4"
    both = f"{BOXES['left']}/{BOXES['right']}"
    output, _ = animate(folder / "whole.png", drivers, "both", subject=both)
    made, rest = frames_of(output), outside(LEFT, RIGHT)
    assert (made[:, rest] == whole(folder)[rest]).all()
    for name, square, driver in (("left", LEFT, "driver.mp4"), ("right", RIGHT, "short.mp4")):
        output, _ = animate(folder / "whole.png", folder / driver, name, subject=BOXES[name])
        single = frames_of(output)
        inside = ~outside(square)
        assert (made[: len(single), inside] == single[:, inside]).all()
    # The shorter driver's last pose stays; what fades is only the blending.
    assert len(made) == COUNT


def test_a_film_plays_on_around_its_subject(animate, folder, tmp_path):
    film = pixels(4, seed=5, size=128)[:, : HEIGHT + 1, : WIDTH + 1]
    for index, frame in enumerate(film):
        write_picture(tmp_path / "film" / f"{index}.png", frame)
    options = {"subject": BOXES["left"], "smooth_masks": 0.5, "motion": "relative"}
    output, done = animate(tmp_path / "film", folder / "driver.mp4", **options)
    assert done.frames == 4  # The source ends first.
    made = frames_of(output)
    rest = np.pad(outside(LEFT), ((0, 1), (0, 1)), constant_values=True)
    assert (made[:, rest] == film[:, rest]).all()
    assert (made[:, ~rest] != film[:, ~rest]).any()


def test_turns_are_as_good_as_being_alone(generator):
    sources, drivers = pixels(2, seed=9), pixels(3)

    def streams(generators):
        for each, source in zip(generators, sources):
            yield generate_frames(each, source, drivers, batch_size=1, keys=(FRAME,))

    alone = [list(stream) for stream in streams([generator] * 2)]
    # Turns are taken while both streams are open.
    together = zip(*streams(take_turns(generator, 2)))
    for expected, made in zip(zip(*alone), together):
        for one, other in zip(expected, made):
            np.testing.assert_array_equal(one[FRAME], other[FRAME])


def test_what_does_not_fit_is_one_error(animate, folder, tmp_path):
    for wrong, message in (
        ({"view": "all"}, "--view=all does not go with --subject"),
        ({"output_size": 64}, "--output_size does not go with --subject"),
        ({"find_best_frame": True}, "--find_best_frame does not go with --subject"),
        ({"auto_crop": True}, "--subject says what to crop; leave out --auto_crop"),
        ({"subject": "x"}, "--subject: a subject is 'x', but must be auto"),
        ({"subject": "", "follow": True}, "--follow needs --subject or --driver_subject"),
    ):
        with pytest.raises(ValueError, match=message):
            AnimationOptions(**{"subject": "1", **wrong})
    with pytest.raises(ValueError, match="names 3 drivers, but --subject 2; give one driver"):
        split_drivers("a.mp4,b.mp4,c.mp4", 2)
    assert split_drivers("a.mp4", 2) == ["a.mp4"]
    with pytest.raises(ValueError, match=r"whole\.png: the box 200,0,10,10 reaches over its edge"):
        animate(folder / "whole.png", folder / "driver.mp4", subject="200,0,10,10")
    assert not (tmp_path / "out").exists()
