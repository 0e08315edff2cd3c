import os

import pytest

from maskanim_tf.export.quiet import quietly


def test_what_is_held_back_is_shown_after_an_error(capfd):
    with quietly():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""

    def fail():
        with quietly():
            os.write(2, b"the reason\n")
            raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        fail()
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "the reason\nlater\n"
