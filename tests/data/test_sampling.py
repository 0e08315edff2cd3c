import dataclasses

import numpy as np
import pytest

from maskanim_tf.config import AugmentationConfig, DataConfig
from maskanim_tf.data.sampling import Sampler, group_by_id, hold_out

NAMES = [f"clip{i}" for i in range(7)]
COUNTS = np.array([2, 3, 4, 10, 50, 5, 6])
AUGMENTATION = AugmentationConfig()


def make_sampler(names=NAMES, counts=COUNTS, seed=0, augmentation=AUGMENTATION, **data):
    return Sampler(names, counts, DataConfig(**data), augmentation, seed)


def test_every_pass_draws_each_clip_once_in_a_new_order():
    sampler = make_sampler(repeats=3)
    assert sampler.epoch_size == 21
    passes = [[sampler.draw(7 * k + i).clip for i in range(7)] for k in range(4)]
    for one in passes:
        assert sorted(one) == list(range(7))
    assert len({tuple(one) for one in passes}) > 1


def test_a_sample_depends_on_seed_and_index_alone():
    draws = [make_sampler().draw(i) for i in range(40)]
    backwards = make_sampler()
    assert [backwards.draw(i) for i in reversed(range(40))] == draws[::-1]
    assert [make_sampler(seed=1).draw(i) for i in range(40)] != draws


def test_two_different_frames_inside_the_clip():
    sampler = make_sampler()
    draws = [sampler.draw(i) for i in range(700)]
    for draw in draws:
        assert 0 <= min(draw.source, draw.driving) < max(draw.source, draw.driving)
        assert max(draw.source, draw.driving) < COUNTS[draw.clip]
        assert all(0 <= word < 2**31 for word in draw.seed)
    assert len({draw.seed for draw in draws}) == 700
    # All pairs of the clip with four frames turn up.
    pairs = {frozenset((d.source, d.driving)) for d in draws if d.clip == 2}
    assert len(pairs) == 6


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_flips_have_their_probabilities(probability):
    augmentation = AugmentationConfig(horizontal_flip=probability, time_flip=probability)
    sampler = make_sampler(augmentation=augmentation)
    draws = [sampler.draw(i) for i in range(800)]
    mirrored = np.array([draw.mirrored for draw in draws])
    reversed_ = np.array([draw.source > draw.driving for draw in draws])
    assert mirrored.mean() == pytest.approx(probability, abs=0.06)
    assert reversed_.mean() == pytest.approx(probability, abs=0.06)
    if probability == 0.5:
        assert (mirrored & reversed_).mean() == pytest.approx(0.25, abs=0.06)


def test_id_sampling_draws_each_person_once_per_pass():
    names = ["a#1", "a#2", "a#3", "a#4", "b#1", "c#1", "c#2"]
    sampler = make_sampler(names=names, id_sampling=True, repeats=2)
    assert sampler.epoch_size == 6
    drawn = [sampler.draw(i).clip for i in range(300)]
    for start in range(0, 300, 3):
        assert {names[clip][0] for clip in drawn[start : start + 3]} == {"a", "b", "c"}
    assert set(drawn) == set(range(7))


def test_an_unreadable_clip_is_replaced_by_the_next_of_the_pass():
    sampler = make_sampler()
    assert sampler.draw(3, attempt=1).clip == sampler.draw(4).clip
    assert sampler.draw(6, attempt=1).clip == sampler.draw(0).clip


def test_unusable_clips_are_refused():
    with pytest.raises(ValueError, match="no clip to draw"):
        make_sampler(names=[], counts=np.array([], int))
    with pytest.raises(ValueError, match="clip 'clip1' has one frame"):
        make_sampler(counts=np.array([2, 1, 4, 10, 50, 5, 6]))


def test_hold_out_is_seeded_and_independent_of_order():
    names = [f"{i:08d}" for i in range(57)]
    train, test = hold_out(names, 8, seed=0)
    assert len(test) == 8
    assert sorted(train + test) == list(range(57))
    assert hold_out(names, 8, seed=1)[1] != test
    _, other = hold_out(names[::-1], 8, seed=0)
    assert {names[::-1][i] for i in other} == {names[i] for i in test}
    assert hold_out(names, 0, seed=0)[1] == []
    with pytest.raises(ValueError, match="held_out is 57, but must leave clips"):
        hold_out(names, 57, seed=0)


def test_hold_out_never_parts_a_person():
    names = [f"id{i % 5}#{i}" for i in range(20)]
    train, test = hold_out(names, 3, seed=0)
    assert len(test) == 4
    assert not {names[i][:3] for i in train} & {names[i][:3] for i in test}
    assert group_by_id(["a#1", "b", "a#2"]) == [[0, 2], [1]]


PAIRED = ["a#motion1", "a#motion2", "b#motion1", "b#motion2", "c#motion1", "d#motion3"]
PAIRED_COUNTS = np.array([9, 4, 6, 4, 9, 5])


def paired(identity, **data):
    return make_sampler(PAIRED, PAIRED_COUNTS, driver_identity=identity, **data)


def test_another_identity_drives_with_the_same_motion():
    sampler = paired("other", repeats=2)
    # d has no partner, so five clips make a pass.
    assert sampler.epoch_size == 10
    draws = [sampler.draw(i) for i in range(500)]
    assert {d.clip for d in draws} == {0, 1, 2, 3, 4}
    drivers = {clip: {d.driver for d in draws if d.clip == clip} for clip in range(5)}
    assert drivers == {0: {2, 4}, 1: {3}, 2: {0, 4}, 3: {1}, 4: {0, 2}}
    for draw in draws:
        both = min(PAIRED_COUNTS[draw.clip], PAIRED_COUNTS[draw.driver])
        assert max(draw.source, draw.driving) < both
    assert [paired("other").draw(i) for i in range(50)] == draws[:50]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_mixed_lets_others_drive_a_share(share):
    sampler = paired("mixed", other_identity_share=share)
    draws = [sampler.draw(i) for i in range(1200)]
    assert {d.clip for d in draws} == set(range(6))
    partnered = [d for d in draws if d.clip != 5]
    assert np.mean([d.driver != d.clip for d in partnered]) == pytest.approx(share, abs=0.04)
    assert all(d.driver == 5 for d in draws if d.clip == 5)


def test_whoever_drives_the_rest_of_a_sample_stays_the_same():
    counts = np.full(6, 8)
    same, mixed = (
        [make_sampler(PAIRED, counts, driver_identity=kind).draw(i) for i in range(200)]
        for kind in ("same", "mixed")
    )
    assert all(draw.driver == draw.clip for draw in same)
    assert [dataclasses.replace(draw, driver=draw.clip) for draw in mixed] == same
    assert mixed != same


@pytest.mark.parametrize("identity", ["other", "mixed"])
def test_clips_without_any_partner_are_refused(identity):
    with pytest.raises(ValueError, match=f"driver_identity={identity} needs .* none of the 7"):
        make_sampler(driver_identity=identity)
