from __future__ import annotations

import numpy as np
import pytest

from maskanim_tf.people.curves import RATE, ease, events, follow, pulse, smooth_noise
from maskanim_tf.people.expression import combine
from maskanim_tf.people.motion import ACTIONS, Motion
from maskanim_tf.people.speech import CONSONANTS, VOWELS, random_speech, sound_out


def sample(motion, channel, fps=25):
    times = np.arange(int(motion.seconds * fps)) / fps
    return np.stack([getattr(motion.at(float(seconds)), channel) for seconds in times])


def test_ease_by_hand():
    np.testing.assert_allclose(ease(np.array([-1.0, 0.0, 0.5, 1.0, 3.0])), [0, 0, 0.5, 1, 1])


def test_pulse_rises_holds_and_falls():
    times = np.array([0.9, 1.0, 1.1, 1.2, 1.7, 2.2, 2.4])
    values = pulse(times, 1.0, 0.2, 0.5, 0.5)
    np.testing.assert_allclose(values, [0, 0, 0.5, 1, 1, 0, 0], atol=1e-9)


def test_follow_comes_later_and_never_overshoots():
    step = np.zeros((120, 1))
    step[30:] = 1.0
    followed = follow(step, 0.3)[:, 0]
    assert (np.diff(followed) >= 0).all()
    assert followed[29] == 0.0
    assert followed.max() <= 1.0
    # Two filters of half the lag each: the mean delay is the lag.
    assert np.sum(1.0 - followed[30:]) / RATE == pytest.approx(0.3, rel=0.1)


def test_noise_and_events_are_continued():
    short, long = np.arange(200) / RATE, np.arange(900) / RATE
    first = smooth_noise(np.random.default_rng(4), short, 0.5, 3)
    second = smooth_noise(np.random.default_rng(4), long, 0.5, 3)
    np.testing.assert_array_equal(first, second[:200])
    many = smooth_noise(np.random.default_rng(4), np.arange(60_000) / RATE, 0.5)
    assert many.std() == pytest.approx(1.0, rel=0.1)
    some = [moment for moment, _ in events(np.random.default_rng(4), 50.0, 2.0, least=1.0)]
    more = [moment for moment, _ in events(np.random.default_rng(4), 5000.0, 2.0, least=1.0)]
    assert some == more[: len(some)]
    assert np.diff(more).min() >= 1.0
    assert np.diff(more).mean() == pytest.approx(2.0, rel=0.1)


def test_lips_close_for_a_p_between_two_vowels():
    times = np.arange(60) / RATE
    vowel, closed = VOWELS["a"], CONSONANTS["p"]
    spoken = [(vowel, 0.3, 1.0), (closed, 0.45, 1.0), (vowel, 0.6, 1.0)]
    units = sound_out(times, spoken)
    jaw, press = units["jawOpen"], units["mouthPress"]
    at = [int(moment * RATE) for moment in (0.3, 0.45, 0.6)]
    assert jaw[at[0]] > 0.4 < jaw[at[2]]
    assert jaw[at[1]] < 0.1
    assert press[at[1]] > 0.25
    assert press[at[0]] < 0.05


def test_speech_has_the_rhythm_of_syllables_and_pauses():
    times = np.arange(60 * RATE) / RATE
    speech = random_speech(np.random.default_rng(1), times, 1.0, 1.0)
    quiet = speech.loudness < 0.05
    assert 0.15 < quiet.mean() < 0.7
    jaw = speech.units["jawOpen"]
    assert jaw[quiet].max() < 0.05
    # Openings of the jaw while speaking: three to seven each second.
    tops = (jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:]) & (jaw[1:-1] > 0.08)
    rate = tops.sum() / ((~quiet).sum() / RATE)
    assert 2.5 < rate < 7.0


def test_expressions_that_cannot_stand_together_give_way():
    full = {name: np.ones(1) for name in ("jawOpen", "mouthClose", "mouthPress", "cheekPuff")}
    face = combine({**full, "mouthSmile": np.ones(1), "mouthFrown": np.ones(1)})
    assert face["jawOpen"] == 1.0
    assert face["mouthClose"] <= 0.5
    assert face["mouthPress"] == face["cheekPuff"] == face["mouthFrown"] == 0.0
    eyes = combine({"eyeBlink": np.ones(1), "eyeWide": np.ones(1), "eyeSquint": np.ones(1)})
    assert eyes["eyeWide"] == eyes["eyeSquint"] == 0.0
    assert combine({"mouthClose": np.ones(1)})["mouthClose"] == 0.0


@pytest.mark.parametrize("seed", range(12))
def test_motions_stay_in_their_ranges_and_are_smooth(body, seed):
    motion = Motion(body.unit_names, np.random.default_rng(seed), 4.0)
    face = sample(motion, "face", fps=RATE)
    assert face.shape == (240, 52)
    assert face.dtype == np.float32
    assert face.min() >= 0.0
    assert face.max() <= 1.0
    close, jaw = body.unit_names.index("mouthClose"), body.unit_names.index("jawOpen")
    assert (face[:, close] <= 0.5 * face[:, jaw] + 1e-6).all()
    for channel, largest in (("head", 0.16), ("torso", 0.06), ("shift", 0.06)):
        assert np.abs(np.diff(sample(motion, channel, fps=RATE), axis=0)).max() < largest
    assert np.abs(sample(motion, "gaze")).max() <= 0.5


def test_a_longer_motion_begins_like_a_shorter_one(body):
    for seed in range(4):
        short = Motion(body.unit_names, np.random.default_rng(seed), 1.5)
        long = Motion(body.unit_names, np.random.default_rng(seed), 6.0)
        for channel in ("face", "gaze", "head", "torso", "shift", "shoulders"):
            moments = (0.0, 0.73, 1.5)
            for moment in moments:
                np.testing.assert_array_equal(
                    getattr(short.at(moment), channel), getattr(long.at(moment), channel)
                )


def test_people_do_what_their_action_says(body):
    motions = [Motion(body.unit_names, np.random.default_rng(seed), 6.0) for seed in range(90)]
    by_action = {}
    for motion in motions:
        by_action.setdefault(motion.action, []).append(motion)
    assert set(by_action) == set(ACTIONS)

    def turn(action):
        turns = [
            sample(each, "head", 10)[:, 0] + sample(each, "torso", 10)[:, 0]
            for each in by_action[action]
        ]
        return np.mean([np.abs(each).max() for each in turns])

    assert turn("profile") > 1.1
    assert turn("still") < 0.4 < turn("turning")
    blink = body.unit_names.index("eyeBlinkLeft")
    blinks = np.mean([sample(each, "face")[:, blink].max() for each in motions])
    assert blinks > 0.6
    smile = body.unit_names.index("mouthSmileLeft")
    assert np.mean([sample(each, "face")[:, smile].max() > 0.4 for each in motions]) > 0.5


def test_moments_outside_are_refused(body):
    motion = Motion(body.unit_names, np.random.default_rng(0), 2.0)
    with pytest.raises(ValueError, match=r"seconds must be between 0 and 2\.0, got 2\.1"):
        motion.at(2.1)
