import dataclasses

import numpy as np

from maskanim_tf.data.clip_truth import ClipTruth
from maskanim_tf.data.mask_sketch import draw_sketches


def face(left, top, width):
    """68 points in a row of bands: enough to tell where each feature is drawn."""
    points = np.zeros((68, 2), np.float32)

    def box(numbers, x0, y0, x1, y1):
        angle = np.linspace(0, 2 * np.pi, len(numbers), endpoint=False)
        points[list(numbers), 0] = left + width * ((x0 + x1) / 2 - (x1 - x0) / 2 * np.cos(angle))
        points[list(numbers), 1] = top + width * ((y0 + y1) / 2 - (y1 - y0) / 2 * np.sin(angle))

    box(range(17, 22), 0.05, 0.00, 0.40, 0.04)
    box(range(22, 27), 0.60, 0.00, 0.95, 0.04)
    box(range(31, 36), 0.40, 0.48, 0.60, 0.52)
    box(range(36, 42), 0.05, 0.15, 0.35, 0.30)
    box(range(42, 48), 0.65, 0.15, 0.95, 0.30)
    box(range(48, 60), 0.25, 0.60, 0.75, 0.95)
    box(range(60, 68), 0.35, 0.70, 0.65, 0.85)
    return points


def truth(visible=True):
    """A bright head in 64x64 pixels, in the second frame eight pixels further to the right."""
    masks = np.zeros((2, 64, 64), bool)
    for frame in range(2):
        masks[frame, 8:56, 12 + 8 * frame : 44 + 8 * frame] = True
    points = np.stack([face(12 + 8 * frame, 16, 32) for frame in range(2)])
    seen = np.full((2, 68), visible)
    return ClipTruth(masks, points, seen, np.where(masks, np.uint8(230), np.uint8(0)))


def test_a_face_is_bright_with_dark_features_that_move_with_it():
    sketches = draw_sketches(truth(), 32)
    assert (sketches.shape, sketches.dtype) == ((2, 32, 32), np.uint8)
    first, second = sketches.astype(int)
    assert first[:, :5].max() < 10
    cheek, mouth, eye = first[14, 14], first[20, 14], first[11, 9]
    assert mouth < 80 < eye + 20 < 130 < 220 < cheek
    # Four pixels of the sketch are eight of the frame.
    np.testing.assert_allclose(second[:, 4:], first[:, :-4], atol=40)
    assert np.abs(second[:, 4:] - first[:, :-4]).mean() < 1


def test_an_open_mouth_is_darker_than_its_lips():
    open_mouth = truth()
    parts = open_mouth.parts.copy()
    parts[0, 36:46, 24:32] = 40
    opened = dataclasses.replace(open_mouth, parts=parts)
    before, after = draw_sketches(open_mouth, 64)[0], draw_sketches(opened, 64)[0]
    assert before[36, 28] > 120
    assert after[37:45, 25:31].max() <= 41


def test_features_that_are_hidden_are_not_drawn():
    sketch = draw_sketches(truth(visible=False), 32)[0]
    assert set(np.unique(sketch[5:27, 7:21])) == {230}


def test_other_subjects_have_one_tone():
    plain = ClipTruth(truth().masks, np.zeros((2, 0, 2)), np.zeros((2, 0), bool))
    sketch = draw_sketches(plain, 64)[0]
    assert set(np.unique(sketch[10:54, 14:42])) == {204}
    assert sketch[:, :10].max() == 0
