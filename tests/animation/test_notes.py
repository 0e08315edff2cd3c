import numpy as np

from maskanim_tf.media.marking import marked
from tests.animation.material import frames_of
from tests.media.clip_files import write_picture
from tests.media.test_provenance import metadata


def test_options_reach_the_file(generator, animate, tmp_path, monkeypatch):
    write_picture(tmp_path / "source.png", np.full((32, 32, 3), 90, np.uint8))
    inputs = [tmp_path / "source.png"] * 2
    monkeypatch.setattr(generator, "model", "people7")
    bare, mark = (frames_of(animate(*inputs, f"{m}", mark=m)[0])[0] for m in (False, True))
    np.testing.assert_array_equal(mark, marked(bare))
    film, _ = animate(*inputs, "film.mp4", subject="4,4,20,20")
    comment = metadata(film)[0]["comment"]
    assert "partly synthetic film" in comment
    assert "with the model people7 on" in comment
