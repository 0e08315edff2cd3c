import os

import pytest

from export.quiet import quietly


def test_what_is_held_back_is_shown_after_an_error(capfd):
    with quietly():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ValueError, match="own"), quietly():
        os.write(2, b"the reason\n")
        raise ValueError("own")
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "the reason\nlater\n"
