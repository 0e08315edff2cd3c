import pytest

from maskanim_tf.data.partners import evaluation_drivers, find_partners, identity_of, motion_of

NAMES = [
    "a#motion1",
    "a#motion2",
    "b#motion1",
    "c#motion1",
    "d#motion2#000000#000030",
    "e#01",
    "f#01",
    "alone",
    "motion1",
]


def test_names_say_who_and_which_motion():
    assert [identity_of(name) for name in NAMES] == [*"aabcdef", "alone", "motion1"]
    assert [motion_of(name) for name in NAMES] == [
        *("motion1", "motion2", "motion1", "motion1", "motion2#000000#000030", "", "", "", "")
    ]


def test_partners_have_the_motion_and_another_identity():
    # A stretch of a motion is no partner of the whole, nor are two second clips of two persons.
    assert find_partners(NAMES) == [[2, 3], [], [3, 0], [0, 2], [], [], [], [], []]


def test_two_clips_of_one_person_are_no_partners():
    assert find_partners(["a#motion1", "a#motion1", "b#motion1"]) == [[2], [2], [0, 1]]


def test_evaluation_takes_the_first_partner():
    assert evaluation_drivers(NAMES, "same") == [(i, i) for i in range(9)]
    assert evaluation_drivers(NAMES, "other") == [(0, 2), (2, 3), (3, 0)]
    mixed = evaluation_drivers(NAMES, "mixed")
    assert mixed == [(0, 2), (1, 1), (2, 3), (3, 0), *((i, i) for i in range(4, 9))]
    with pytest.raises(ValueError, match="driver_identity=other needs clips of the same motion"):
        evaluation_drivers(["a#motion1", "b#motion2", "c"], "other")
