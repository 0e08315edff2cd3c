import numpy as np
import pytest

from maskanim_tf.media.clip import ClipError
from maskanim_tf.media.faces import finds_faces
from maskanim_tf.media.following import subject_squares
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.subjects import choose_subject, find_subjects, parse_subjects
from maskanim_tf.samples import PORTRAIT
from tests.media.clip_files import write_picture, write_video

needs_faces = pytest.mark.skipif(not finds_faces(), reason="needs MediaPipe")


def two_squares(count=1, height=120, width=240, step=0):
    """Two light squares, of 30 pixels and of 20, on noise; the larger, right one moves."""
    rng = np.random.default_rng(0)
    frames = rng.integers(60, 70, (count, height, width, 3)).astype(np.uint8)
    texture = rng.integers(120, 255, (30, 30, 3)).astype(np.uint8)
    for index, frame in enumerate(frames):
        frame[50:70, 40:60] = 230
        left = 140 + step * index
        frame[40:70, left : left + 30] = texture
    return frames


@pytest.fixture
def picture(tmp_path):
    return open_footage(write_picture(tmp_path / "two.png", two_squares()[0]))


def test_what_an_option_names():
    assert parse_subjects("") == []
    assert parse_subjects("auto") == ["auto"]
    assert parse_subjects("2/1") == [2, 1]
    assert parse_subjects("10,20,30,40/auto") == [(10, 20, 40, 60), "auto"]
    for wrong in ("0", "1,2", "10,20,0,40", "left", "1//2", "-1"):
        with pytest.raises(ValueError, match="must be auto, a number from 1 on"):
            parse_subjects(wrong)


def test_regions_are_counted_from_the_left(picture):
    left, right = find_subjects(picture)
    assert not left.is_face
    for subject, (x, y, side) in ((left, (40, 50, 20)), (right, (140, 40, 30))):
        box = subject.box
        assert box[0] <= x
        assert box[1] <= y
        assert box[2] >= x + side
        assert box[3] >= y + side
        assert max(box[2] - box[0], box[3] - box[1]) < 2 * side
    assert choose_subject(picture, 1) == left
    assert choose_subject(picture, "auto") == right
    square = subject_squares(picture, 2, 16, "crop")
    assert square.frame(0).shape == (16, 16, 3)
    assert square.frame(0).mean() > 120


def test_who_is_not_there_is_an_error_that_says_who_is(picture, tmp_path):
    with pytest.raises(ClipError, match=r"there is no subject 3; it has 1 at \d+,.*; 2 at \d+,"):
        choose_subject(picture, 3)
    with pytest.raises(ClipError, match="the box 200,10,50,20 reaches over its edge; it has 240x1"):
        choose_subject(picture, (200, 10, 250, 30))
    empty = open_footage(write_picture(tmp_path / "empty.png", np.full((50, 60, 3), 90, np.uint8)))
    with pytest.raises(ClipError, match="no subject was found; say where it is"):
        choose_subject(empty, "auto")


def test_a_square_follows_a_region_or_has_room_for_all_its_places(tmp_path):
    path = write_video(tmp_path / "film.mp4", two_squares(count=24, step=2), options={"qp": "10"})
    film = open_footage(path)
    still = subject_squares(film, "auto", 16, "crop")
    assert not still.path
    assert still.square[0] <= 140
    assert still.square[0] + still.square[2] >= 140 + 46 + 30
    # At the first frame the right one stands at 140.
    followed = subject_squares(film, (140, 40, 170, 70), 16, "crop", follow=True)
    lefts = [left for left, _, _ in followed.path]
    assert len(lefts) == 24
    np.testing.assert_allclose(lefts, 140 + 2 * np.arange(24), atol=3)
    assert [place[2] for place in followed.path] == [30] * 24
    # What is cut stands still.
    cut = np.stack(list(followed.frames())).astype(int)
    assert np.abs(cut - cut[:1]).mean() < 25


@needs_faces
def test_faces_are_found_and_framed_like_portraits(tmp_path):
    portrait = next(open_footage(PORTRAIT).frames())
    wide = np.full((540, 960, 3), 128, np.uint8)
    for left, top in ((60, 200), (640, 20)):
        wide[top : top + 256, left : left + 256] = portrait
    footage = open_footage(write_picture(tmp_path / "wide.png", wide))
    first, second = find_subjects(footage)
    assert first.is_face
    assert 60 < first.box[0] < first.box[2] < 316
    assert 640 < second.box[0] < second.box[2] < 896
    left, top, side = subject_squares(footage, 2, 128, "crop").square
    # The portrait itself is such a square, nearly.
    assert abs(left - 640) < 30
    assert abs(top - 20) < 30
    assert 220 < side < 300


@needs_faces
@pytest.mark.parametrize("follow", [False, True])
def test_a_moving_face_stays_in_its_square(tmp_path, follow):
    portrait = next(open_footage(PORTRAIT).frames())
    frames = np.full((10, 270, 480, 3), 128, np.uint8)
    for index, frame in enumerate(frames):
        frame[10:266, 20 + 16 * index : 276 + 16 * index] = portrait
    write_video(tmp_path / "film.mp4", frames)
    cut = subject_squares(open_footage(tmp_path / "film.mp4"), "auto", 64, "crop", follow)
    assert len(cut.path) == (10 if follow else 0)
    centres = [left + side / 2 for left, _, side in cut.places()]
    faces = 132 + 16 * np.arange(10)
    if follow:
        np.testing.assert_allclose(centres, faces, atol=14)
    else:
        assert np.ptp(centres) == 0
        assert all(left < face < left + side for (left, _, side), face in zip(cut.places(), faces))
