import numpy as np

from maskanim_tf.export.export_options import ExportOptions, sample_clips
from maskanim_tf.media.panels import write_picture
from tests.helpers import TINY_CONFIG


def write_clips(folder, count):
    for clip in range(count):
        for number in range(2):
            picture = np.full((32, 32, 3), 40 * clip, np.uint8)
            write_picture(folder / f"clip{clip}" / f"{number}.png", picture)


def levels(config, options, clips):
    return sorted(int(255 * c[0, 0, 0, 0] + 0.5) for c in sample_clips(config, options, clips, 2))


def test_the_exporter_holds_back_no_clips(tmp_path):
    """Weights of a training with `held_out` take any folder."""
    write_clips(tmp_path, 5)
    config = TINY_CONFIG.replace(data=TINY_CONFIG.data.replace(held_out=8))
    assert levels(config, ExportOptions(data_dir=str(tmp_path)), 9) == [0, 40, 80, 120, 160]


def test_strips_are_read_where_training_did_or_the_option_asks(tmp_path):
    write_picture(tmp_path / "a.png", np.full((32, 96, 3), 80, np.uint8))
    trained = TINY_CONFIG.replace(data=TINY_CONFIG.data.replace(picture_strips=True))
    for config, strips in ((trained, False), (TINY_CONFIG, True)):
        assert levels(config, ExportOptions(data_dir=str(tmp_path), picture_strips=strips), 1) == [
            80
        ]
