import threading
import time

import pytest

from maskanim_tf.animation.live.latest import Latest


def test_a_newer_item_takes_the_place_of_an_older_one():
    slot = Latest()
    for item in range(4):
        slot.put(item)
    assert (slot.take(), slot.dropped) == (3, 3)
    assert slot.take(timeout=0.01) is None


def test_who_waits_gets_what_comes():
    slot = Latest()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(slot.take(timeout=30)))
    thread.start()
    time.sleep(0.02)
    slot.put("frame")
    thread.join()
    assert taken == ["frame"]


def test_what_was_put_before_the_end_is_still_there():
    slot = Latest()
    slot.put(1)
    slot.close(ValueError("gone"))
    slot.close()
    slot.put(2)
    assert not slot.over
    assert slot.take() == 1
    assert slot.over
    with pytest.raises(ValueError, match="gone"):
        slot.take()
