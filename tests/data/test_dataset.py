import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import AugmentationConfig, DataConfig, TrainingConfig
from maskanim_tf.data.clip_truth import ClipTruth
from maskanim_tf.data.dataset import finish_sample, make_dataset, steps_per_epoch
from maskanim_tf.data.sampling import Sampler
from maskanim_tf.keys import TEST, TRAIN
from maskanim_tf.ops.color import adjust_color, draw_color_change
from maskanim_tf.ops.seeds import SHARED_COLOR
from maskanim_tf.storage import patience
from tests.helpers import TINY_CONFIG, random_frames, two_replicas

NO_CHANGE = AugmentationConfig(
    brightness=0, contrast=0, saturation=0, hue=0, horizontal_flip=0, time_flip=0
)


class MemoryClips:
    """Frames whose red is the clip, whose green is the frame number and whose blue rises in x."""

    def __init__(self, counts=(3, 5, 8, 4), damaged=(), names=(), hiccups=0):
        self.names = names or [f"clip{i}" for i in range(len(counts))]
        self.frame_counts = np.array(counts)
        self.damaged = damaged
        self.hiccups = hiccups
        self.gone = False

    def frame(self, clip, number):
        picture = np.zeros((32, 32, 3), np.uint8)
        picture[..., 0], picture[..., 1] = 50 * clip, 20 * number
        picture[..., 2] = np.arange(32) * 8
        return picture

    def read_frames(self, clip, frames):
        if self.gone or self.hiccups > 0:
            self.hiccups -= 1
            raise OSError("the server does not answer")
        if clip in self.damaged:
            raise ValueError(f"clip{clip} is damaged")
        return np.stack([self.frame(clip, number) for number in frames])

    def iterate_frames(self, clip):
        return (self.frame(clip, number) for number in range(self.frame_counts[clip]))


PAIRED = ["a#motion1", "a#motion2", "b#motion1", "b#motion2"]


def paired_clips(**options):
    return MemoryClips((6, 6, 6, 6), names=PAIRED, **options)


def config(batch=4, augmentation=NO_CHANGE, **data):
    return TINY_CONFIG.replace(
        training=TrainingConfig(batch_size=batch),
        augmentation=augmentation,
        data=DataConfig(**data),
    )


def batches(count, *arguments, **options):
    dataset = make_dataset(*arguments, **options)
    return [{key: value.numpy() for key, value in batch.items()} for batch in dataset.take(count)]


def rows(found):
    """The samples of batches, one by one."""
    for batch in found:
        for index in range(len(batch[keys.SOURCE])):
            yield {key: value[index] for key, value in batch.items()}


def assert_same(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        assert set(one) == set(other)
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)


def test_batches_hold_what_the_sampler_draws():
    setting, clips = config(repeats=2), MemoryClips()
    sampler = Sampler(clips.names, clips.frame_counts, setting.data, NO_CHANGE, setting.seed)
    for index, row in enumerate(rows(batches(3, setting, TRAIN, clips=clips))):
        draw = sampler.draw(index)
        for key, number in ((keys.SOURCE, draw.source), (keys.TARGET, draw.driving)):
            np.testing.assert_allclose(row[key], clips.frame(draw.clip, number) / 255, atol=1e-6)
        # No colour change is asked for, so the driver is the target up to HSV rounding.
        np.testing.assert_allclose(row[keys.DRIVING], row[keys.TARGET], atol=1e-4)
        assert tuple(row[keys.SEEDS]) == draw.seed
    assert steps_per_epoch(setting, clips) == 2


def test_source_and_driver_are_mirrored_together():
    clips = MemoryClips()
    mirrored = config(augmentation=NO_CHANGE.replace(horizontal_flip=1.0))
    for batch, plain in zip(
        batches(2, mirrored, TRAIN, clips=clips), batches(2, config(), TRAIN, clips=clips)
    ):
        for key in (keys.SOURCE, keys.TARGET):
            np.testing.assert_array_equal(batch[key], plain[key][:, :, ::-1])


@pytest.mark.parametrize("identity", ["same", "mixed"])
def test_a_resumed_run_goes_on_with_the_next_batch(identity):
    setting = config(augmentation=AugmentationConfig(), driver_identity=identity)
    clips = paired_clips()
    whole = batches(6, setting, TRAIN, clips=clips)
    assert_same(whole[4:], batches(2, setting, TRAIN, clips=clips, start_step=4))
    other = batches(1, setting.replace(seed=1), TRAIN, clips=clips)
    assert np.abs(other[0][keys.SOURCE] - whole[0][keys.SOURCE]).max() > 0


@pytest.mark.parametrize("identity", ["same", "mixed"])
def test_workers_share_each_batch(identity):
    setting = config(augmentation=AugmentationConfig(), driver_identity=identity)
    clips = paired_clips()
    whole = batches(3, setting, TRAIN, clips=clips)
    parts = [
        batches(3, setting, TRAIN, clips=clips, worker=worker, workers=2) for worker in range(2)
    ]
    joined = [
        {key: np.concatenate((first[key], second[key])) for key in first}
        for first, second in zip(*parts)
    ]
    assert_same(whole, joined)
    with pytest.raises(ValueError, match="batch_size is 4, but must be a multiple of the 3"):
        make_dataset(setting, TRAIN, clips=clips, workers=3)


def test_a_damaged_clip_is_named_once_and_replaced(caplog):
    clips = MemoryClips(damaged=(2,))
    found = batches(6, config(), TRAIN, clips=clips)
    reds = {round(255 * row[0, 0, 0]) for batch in found for row in batch[keys.SOURCE]}
    assert reds == {0, 50, 150}
    assert caplog.text.count("clip2 is damaged; another clip takes its place") == 1
    assert_same(found[3:], batches(3, config(), TRAIN, clips=clips, start_step=3))


def test_a_damaged_clip_is_an_error_when_strict():
    with pytest.raises(tf.errors.InvalidArgumentError, match="clip2 is damaged"):
        batches(6, config(strict=True), TRAIN, clips=MemoryClips(damaged=(2,)))


def test_when_nothing_can_be_read_the_run_stops():
    with pytest.raises(tf.errors.InvalidArgumentError, match="no clip can be read any more"):
        batches(1, config(), TRAIN, clips=MemoryClips(damaged=(0, 1, 2, 3)))


def test_a_hiccup_of_storage_changes_nothing(monkeypatch):
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    expected = batches(3, config(), TRAIN, clips=MemoryClips())
    assert_same(batches(3, config(), TRAIN, clips=MemoryClips(hiccups=3)), expected)


def test_storage_that_is_gone_is_an_error_in_the_end(monkeypatch):
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    clips = MemoryClips(counts=(3,) * 50)
    clips.gone = True
    with pytest.raises(tf.errors.OpError, match="the server does not answer"):
        batches(1, config(), TRAIN, clips=clips)


def test_evaluation_reads_whole_clips_in_order():
    clips = MemoryClips()
    found = batches(-1, config(), TEST, clips=clips)
    expected = [(c, n) for c, count in enumerate(clips.frame_counts) for n in range(1, count)]
    assert [(row[keys.CLIP], row[keys.FRAME_NUMBER]) for row in rows(found)] == expected
    for (c, n), row in zip(expected, rows(found)):
        np.testing.assert_allclose(row[keys.SOURCE], clips.frame(c, 0) / 255, atol=1e-6)
        np.testing.assert_allclose(row[keys.TARGET], clips.frame(c, n) / 255, atol=1e-6)
    assert_same(found, batches(-1, config(), TEST, clips=clips))


def test_release_shares_one_colour_change():
    pair = tf.constant((random_frames(2) * 255).astype(np.uint8))
    seed = tf.constant([3, 4])
    plain = finish_sample(pair, seed, AugmentationConfig())
    augmentation = AugmentationConfig(shared_jitter=True)
    shared = finish_sample(pair, seed, augmentation)
    change = draw_color_change(seed, augmentation, SHARED_COLOR)
    for key in (keys.SOURCE, keys.TARGET):
        np.testing.assert_allclose(shared[key], adjust_color(plain[key], change), atol=1e-6)
    np.testing.assert_allclose(
        shared[keys.DRIVING],
        adjust_color(shared[keys.TARGET], draw_color_change(seed, augmentation)),
        atol=1e-6,
    )
    np.testing.assert_allclose(plain[keys.SOURCE] * 255, pair[0], atol=1e-4)


def test_replicas_of_a_strategy_get_equal_shares():
    strategy = two_replicas()
    setting, clips = config(), MemoryClips()
    whole = batches(2, setting, TRAIN, clips=clips)
    distributed = iter(
        strategy.experimental_distribute_dataset(make_dataset(setting, TRAIN, clips=clips))
    )
    for batch in whole:
        parts = strategy.experimental_local_results(next(distributed)[keys.SEEDS])
        assert [len(part) for part in parts] == [2, 2]
        np.testing.assert_array_equal(np.concatenate(parts), batch[keys.SEEDS])


def color_of(frame):
    """Number of the clip and of the frame that a picture shows."""
    return round(255 * frame[0, 0, 0] / 50), round(255 * frame[0, 0, 1] / 20)


@pytest.mark.parametrize("identity", ["other", "mixed"])
def test_another_identity_drives(identity):
    setting, clips = config(repeats=3, driver_identity=identity), paired_clips()
    found = batches(6, setting, TRAIN, clips=clips)
    across = 0
    for row in rows(found):
        clip, number = color_of(row[keys.TARGET])
        driver, moment = color_of(row[keys.DRIVING])
        assert color_of(row[keys.SOURCE])[0] == clip
        assert color_of(row[keys.SOURCE])[1] != number
        assert moment == number
        assert driver in ((clip + 2) % 4, clip)
        across += driver != clip
        np.testing.assert_allclose(row[keys.AUGMENTED_TARGET], row[keys.TARGET], atol=1e-4)
    assert across == 24 if identity == "other" else 4 < across < 20
    assert steps_per_epoch(setting, clips) == 3


def test_pairs_are_mirrored_and_coloured_alike():
    clips = paired_clips()
    plain, mirrored, coloured = (
        batches(2, config(augmentation=each, driver_identity="mixed"), TRAIN, clips=clips)
        for each in (
            NO_CHANGE,
            NO_CHANGE.replace(horizontal_flip=1.0),
            AugmentationConfig(horizontal_flip=0, time_flip=0),
        )
    )
    for one, flipped, other in zip(plain, mirrored, coloured):
        for key in (keys.SOURCE, keys.TARGET, keys.DRIVING, keys.AUGMENTED_TARGET):
            np.testing.assert_array_equal(flipped[key], one[key][:, :, ::-1])
        np.testing.assert_array_equal(other[keys.TARGET], one[keys.TARGET])
        for row in range(4):
            change = draw_color_change(tf.constant(one[keys.SEEDS][row]), AugmentationConfig())
            for before, after in (
                (keys.DRIVING, keys.DRIVING),
                (keys.TARGET, keys.AUGMENTED_TARGET),
            ):
                np.testing.assert_allclose(
                    other[after][row], adjust_color(one[before][row], change), atol=2e-4
                )


def test_a_damaged_driver_is_replaced(caplog):
    clips = paired_clips(damaged=(2,))
    found = batches(5, config(driver_identity="other"), TRAIN, clips=clips)
    # Without clip 2 nobody drives clip 0.
    shown = {color_of(row)[0] for batch in found for row in batch[keys.TARGET]}
    assert shown == {1, 3}
    assert caplog.text.count("clip2 is damaged") == 2


def test_evaluation_across_identities():
    clips = paired_clips()
    found = batches(-1, config(driver_identity="other"), TEST, clips=clips)
    shown = [(row[keys.CLIP], row[keys.FRAME_NUMBER]) for row in rows(found)]
    assert shown == [(clip, number) for clip in range(4) for number in range(1, 6)]
    for row, (clip, number) in zip(rows(found), shown):
        assert color_of(row[keys.SOURCE]) == (clip, 0)
        assert color_of(row[keys.TARGET]) == (clip, number)
        assert color_of(row[keys.DRIVING]) == ((clip + 2) % 4, number)


class TruthfulClips(MemoryClips):
    """With a subject as wide as the frame number, from the left."""

    def read_truth(self, clip):
        masks = np.zeros((self.frame_counts[clip], 32, 32), bool)
        for number, mask in enumerate(masks):
            mask[:, : 2 * number + 8 * clip] = True
        return ClipTruth(masks, np.zeros((len(masks), 0, 2)), np.zeros((len(masks), 0), bool))


@pytest.mark.parametrize("mirrored", [0, 1])
def test_sketches_of_source_and_driver_come_at_the_size_of_masks(mirrored):
    clips = TruthfulClips((4, 4, 4, 4), names=PAIRED)
    flips = NO_CHANGE.replace(horizontal_flip=mirrored)
    setting = config(augmentation=flips, repeats=2, driver_identity="other")
    setting = setting.replace(loss=setting.loss.replace(mask_prior=1))
    for batch in batches(4, setting, TRAIN, clips=clips):
        for row, sketches in enumerate(batch[keys.SKETCHES]):
            assert sketches.shape == (3, 16, 16, 1)
            for key, subject in zip((keys.SOURCE, keys.DRIVING, keys.TARGET), sketches):
                clip, number = color_of(batch[key][row])
                wide = subject[0, :, 0]
                assert wide.sum() == pytest.approx(0.8 * (2 * number + 8 * clip) / 2)
                assert list(wide) == sorted(wide, reverse=not mirrored)


def test_without_a_prior_no_ground_truth_is_read():
    (batch,) = batches(1, config(), TRAIN, clips=MemoryClips())
    assert keys.SKETCHES not in batch


def test_a_prior_without_ground_truth_says_so_before_the_first_step():
    clips = MemoryClips()
    clips.read_truth = lambda clip: None
    setting = config()
    with pytest.raises(FileNotFoundError, match=r"no \.npz beside clip0.*--mask_prior=0"):
        make_dataset(setting.replace(loss=setting.loss.replace(mask_prior=1)), TRAIN, clips=clips)
