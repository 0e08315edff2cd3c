import cv2
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.media.panels import GAP, LABEL_HEIGHT, draw_panel, write_picture
from tests.helpers import random_frames


def test_cells_show_their_pictures():
    red = np.zeros((2, 32, 32, 3), np.float32) + np.float32([1, 0, 0])
    grey = np.full((2, 16, 16, 1), 0.5, np.float32)
    panel = draw_panel(
        {keys.SOURCE: red, keys.SOURCE_MASK: grey}, (keys.SOURCE, keys.SOURCE_MASK), cell=64
    )
    assert panel.shape == (LABEL_HEIGHT + 2 * (64 + GAP), 2 * 64 + GAP, 3)
    for row in range(2):
        top = LABEL_HEIGHT + row * (64 + GAP)
        assert (panel[top : top + 64, :64] == (255, 0, 0)).all()
        assert (panel[top : top + 64, 64 + GAP :] == 128).all()
    # The label is drawn.
    assert panel[:LABEL_HEIGHT].min() < 100


def test_written_picture_is_read_back(tmp_path):
    picture = (random_frames(1)[0] * 255).astype(np.uint8)
    write_picture(tmp_path / "new" / "a.png", picture)
    read = cv2.imread(str(tmp_path / "new" / "a.png"))[..., ::-1]
    np.testing.assert_array_equal(read, picture)
    with pytest.raises(ValueError, match="no picture format"):
        write_picture(tmp_path / "a.xyz", picture)
    assert not (tmp_path / "a.xyz").exists()
