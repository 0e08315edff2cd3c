import pytest

from maskanim_tf.storage.patience import patiently


def failing(times, error):
    calls = []

    def read():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return read, calls


def test_a_hiccup_is_waited_for():
    read, _ = failing(2, OSError("no answer"))
    assert patiently(read, (0, 0, 0)) == 3


def test_patience_ends():
    read, calls = failing(9, ConnectionError("no answer"))
    with pytest.raises(ConnectionError, match="no answer"):
        patiently(read, (0, 0))
    assert len(calls) == 3


@pytest.mark.parametrize("error", [FileNotFoundError(), PermissionError(), ValueError()])
def test_what_will_not_pass_is_raised_at_once(error):
    read, calls = failing(9, error)
    with pytest.raises(type(error)):
        patiently(read, (0, 0))
    assert len(calls) == 1
