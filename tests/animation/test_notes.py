import numpy as np
from PIL import Image

from maskanim_tf.animation import AnimationOptions, animate_video
from maskanim_tf.media.marking import marked
from tests.media.clip_files import write_picture
from tests.media.test_provenance import metadata


def test_options_reach_the_file(generator, tmp_path, monkeypatch):
    write_picture(tmp_path / "source.png", np.full((32, 32, 3), 90, np.uint8))
    inputs = generator, tmp_path / "source.png", tmp_path / "source.png"
    monkeypatch.setattr(generator, "model", "people7")
    animate_video(*inputs, tmp_path / "bare")
    animate_video(*inputs, tmp_path / "marked", AnimationOptions(mark=True))
    animate_video(*inputs, tmp_path / "film.mp4", AnimationOptions(subject="4,4,20,20"))
    bare, mark = (
        np.asarray(Image.open(tmp_path / name / "frame-000000.png")) for name in ("bare", "marked")
    )
    np.testing.assert_array_equal(mark, marked(bare))
    comment = metadata(tmp_path / "film.mp4")[0]["comment"]
    assert "partly synthetic film" in comment
    assert "with the model people7 on" in comment
