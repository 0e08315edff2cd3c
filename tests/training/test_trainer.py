from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.losses import load_vgg
from maskanim_tf.losses.terms import details_of
from maskanim_tf.models import training_pass
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.tracing import as_graph
from maskanim_tf.training.optimizers import optimizer_variables
from maskanim_tf.training.trainer import COARSE, FINE, MASK, TERMS, Trainer
from tests.helpers import (
    TINY_CONFIG,
    assert_learners,
    copy_weights,
    random_frames,
    sample_seeds,
    two_replicas,
)

CONFIG = TINY_CONFIG.replace(
    training=TINY_CONFIG.training.replace(batch_size=4, learning_rate=1e-3),
    # An untrained mask is nearly flat, and rounding would decide which pixels are below its median.
    perturbation=PerturbationConfig(threshold="fixed", fixed_threshold=0.1),
)


@pytest.fixture(autouse=True)
def same_weights_in_every_run():
    keras.utils.set_random_seed(0)


def make_trainer(config=CONFIG, jit=False, **training):
    config = config.replace(training=config.training.replace(**training))
    return Trainer(config, load_vgg(config.loss), jit)


def make_batch():
    driving = random_frames(4, seed=1)
    return {
        keys.SOURCE: tf.constant(random_frames(4)),
        keys.DRIVING: tf.constant(np.clip(driving * 0.95, 0, 1)),
        keys.TARGET: tf.constant(driving),
        keys.SEEDS: sample_seeds((1, 2), 4),
    }


def share_of(batch, strategy):
    """A batch as the replicas of a strategy get it."""
    dataset = tf.data.Dataset.from_tensors(batch).unbatch().batch(4)
    (share,) = strategy.experimental_distribute_dataset(dataset)
    return share


def snapshot(networks):
    return {n.name: [np.array(w) for w in n.get_weights()] for n in networks}


def pass_of(trainer, batch):
    return training_pass(
        trainer.networks,
        trainer.config.model,
        trainer.config.perturbation,
        *(batch[key] for key in (keys.SOURCE, keys.DRIVING, keys.SEEDS)),
        augmented_target=batch.get(keys.AUGMENTED_TARGET),
    )


def moved(before, after):
    return {
        name
        for name in before
        if any(np.abs(a - b).max() > 0 for a, b in zip(before[name], after[name]))
    }


ROUTES = {
    COARSE: {"mask_generator", "low_res_generator"},
    FINE: {"high_res_generator"},
    MASK: {"mask_refiner"},
}


def across_batch():
    """A batch whose driver is another identity than its target."""
    batch = make_batch()
    return {
        **batch,
        keys.DRIVING: tf.constant(random_frames(4, seed=5)),
        keys.AUGMENTED_TARGET: batch[keys.DRIVING],
    }


@pytest.mark.parametrize(
    ("make", "refined_share"), [(make_batch, 0.0), (make_batch, 1.0), (across_batch, 0.5)]
)
def test_each_term_reaches_its_own_variables(make, refined_share):
    trainer, batch = make_trainer(refined_share=refined_share), make()
    with tf.GradientTape(persistent=True) as tape:
        terms = {term: tf.reduce_sum(v) for term, v in trainer.losses_of(batch).items()}
    assert set(terms) == set(TERMS)
    for term, value in terms.items():
        assert_learners(tape, value, trainer.networks, ROUTES[term])


def test_across_identities_r_is_compared_with_the_target_s_mask():
    trainer, batch = make_trainer(), across_batch()
    result = pass_of(trainer, batch)
    distances = {
        key: np.abs(result[keys.REFINED_MASK] - result[key]).mean((1, 2, 3))
        for key in (keys.TARGET_MASK, keys.DRIVING_MASK)
    }
    term = trainer.losses_of(batch)[MASK]
    np.testing.assert_allclose(term, 100 * distances[keys.TARGET_MASK], rtol=1e-3)
    assert np.abs(term - 100 * distances[keys.DRIVING_MASK]).max() > 0.01


def test_a_source_that_drives_itself_is_the_paper_s_sample():
    trainer, batch = make_trainer(), make_batch()
    same = {**batch, keys.AUGMENTED_TARGET: batch[keys.DRIVING]}
    plain, mixed = trainer.losses_of(batch), trainer.losses_of(same)
    # The mask generator sees the driver twice, so batch statistics are nearly the same.
    for term in TERMS:
        np.testing.assert_allclose(mixed[term], plain[term], rtol=0.05)


def test_the_prior_pulls_masks_to_the_subjects_and_fades():
    sketches = np.zeros((4, 3, CONFIG.model.mask_size, CONFIG.model.mask_size, 1), np.float32)
    sketches[:, :, 4:12, 4:12] = 1
    batch = {**make_batch(), keys.SKETCHES: tf.constant(sketches)}
    config = CONFIG.replace(loss=CONFIG.loss.replace(mask_prior=30, mask_prior_steps=4))
    trainer = make_trainer(config)
    without = {k: v for k, v in batch.items() if k != keys.SKETCHES}
    result = pass_of(trainer, batch)
    masks = (result[keys.SOURCE_MASK], result[keys.DRIVING_MASK])
    wrong = [
        (np.maximum(0, np.abs(mask - sketches[:, i]) - 0.1) ** 2).mean((1, 2, 3))
        for i, mask in enumerate(masks)
    ]
    distance = np.mean(wrong, axis=0)
    for steps, share in ((0, 1), (1, 0.75), (3, 0.25), (4, 0), (9, 0)):
        trainer.optimizers[COARSE].iterations.assign(steps)
        pull = trainer.losses_of(batch)[COARSE] - trainer.losses_of(without)[COARSE]
        np.testing.assert_allclose(pull, 30 * share * distance, rtol=0.02, atol=2e-3)


def test_details_count_more_in_every_loss_that_is_a_distance():
    size = CONFIG.model.mask_size
    sketches = np.zeros((4, 3, size, size, 1), np.float32) + np.float32(0.9)
    sketches[:, 2, 6:8, 6:8] = 0
    loss = CONFIG.loss.replace(fetched_weight=20, mask_prior=1e-6)
    model = CONFIG.model.replace(correspondence=4)
    batch = {**make_batch(), keys.SKETCHES: tf.constant(sketches)}
    terms = []
    for weight in (0.0, 3.0):
        keras.utils.set_random_seed(0)
        config = CONFIG.replace(model=model, loss=loss.replace(detail_weight=weight))
        trainer = make_trainer(config)
        terms.append(trainer.losses_of(batch))
    result = pass_of(trainer, batch)
    details = 3 * details_of(sketches[:, 2]).numpy()
    large = resize_bilinear(details, model.image_size).numpy()

    def distance(key, target, weights):
        return (weights * np.abs(result[key] - target)).mean((1, 2, 3))

    target = batch[keys.TARGET]
    more = {
        COARSE: 20 * sum(distance(key, target, large) for key in (keys.FETCHED, keys.COARSE)),
        FINE: 20 * distance(keys.FRAME, target, large),
        MASK: 100 * distance(keys.REFINED_MASK, result[keys.TARGET_MASK], details),
    }
    for term, expected in more.items():
        assert expected.min() > 0
        np.testing.assert_allclose(terms[1][term] - terms[0][term], expected, rtol=0.02, atol=1e-3)


def test_first_epoch_leaves_the_refiner_alone():
    trainer, batch = make_trainer(refined_share=0.5), make_batch()
    before = snapshot(trainer.networks)
    trainer.train_step(batch, refine=False)
    after = snapshot(trainer.networks)
    assert moved(before, after) == {"mask_generator", "low_res_generator", "high_res_generator"}
    assert int(trainer.optimizers[MASK].iterations) == 0
    trainer.train_step(batch, refine=True)
    assert moved(after, snapshot(trainer.networks)) == set(before)
    assert int(trainer.optimizers[MASK].iterations) == 1


# Other ways take the same steps, as tests below say; float16 also finds its scale.
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_losses_fall(precision):
    trainer, batch = make_trainer(precision=precision), make_batch()
    step = as_graph(trainer.train_step)
    history = [{k: float(tf.reduce_mean(v)) for k, v in step(batch).items()} for _ in range(30)]
    for term in (COARSE, FINE):
        assert np.mean([h[term] for h in history[-5:]]) < 0.9 * history[0][term]


def plain_descent(monkeypatch):
    """Plain gradient descent instead of Adam, so that steps show the gradients themselves.

    Adam hides how long they are, and blows up the rounding of those that are zero by construction:
    a bias before a batch norm has no effect.
    """

    def make_optimizer(config):
        descent = keras.optimizers.SGD(0.01)
        if config.precision == "mixed_float16":
            return keras.mixed_precision.LossScaleOptimizer(descent)
        return descent

    monkeypatch.setattr("maskanim_tf.training.trainer.make_optimizer", make_optimizer)


def learned(networks):
    """The trainable variables of each network, in one row."""
    return [np.concatenate([v.numpy().ravel() for v in n.trainable_variables]) for n in networks]


def distance(got, wanted):
    """How far one step is from another, as a share of it.

    Single values tell nothing: kernels round differently for batches of another size, and rounding
    turns the sign of an absolute difference, or a ReLU, here and there.
    """
    return np.linalg.norm(got - wanted) / np.linalg.norm(wanted)


def test_two_replicas_step_like_one(monkeypatch):
    plain_descent(monkeypatch)
    start, steps, statistics = make_trainer(), [], []
    for strategy in (tf.distribute.get_strategy(), two_replicas()):
        with strategy.scope():
            trainer = make_trainer()
        copy_weights(start.networks, trainer.networks)
        step = as_graph(partial(strategy.run, trainer.train_step))
        steps.append(changes_of(trainer, (share_of(make_batch(), strategy),), step))
        statistics += [[v.numpy() for n in trainer.networks for v in n.non_trainable_variables]]
    # Batch norms keep the statistics of the whole batch.
    for one, two in zip(*statistics):
        np.testing.assert_allclose(two, one, atol=1e-5, rtol=1e-3)
    for network, one, two in zip(trainer.networks, *steps):
        assert distance(two, one) < 0.1, network.name


def loss_scale(optimizer):
    """The variable that holds the scale: it starts at 2^15, no other single number does."""
    singles = [v for v in optimizer_variables(optimizer) if tuple(v.shape) == ()]
    (scale,) = (variable for variable in singles if float(variable) == 2**15)
    return scale


def changes_of(trainer, batch, step=None):
    """What one step adds to the trainable variables of each network."""
    before = learned(trainer.networks)
    (step or trainer.train_step)(batch)
    return [b - a for a, b in zip(before, learned(trainer.networks))]


@pytest.mark.parametrize(
    ("how", "tolerance"),
    [
        ({"precision": "mixed_bfloat16"}, 0.5),
        ({"precision": "mixed_float16"}, 0.25),
        ({"jit": True}, 0.1),
    ],
)
def test_speed_options_take_the_same_step(how, tolerance, monkeypatch):
    plain_descent(monkeypatch)
    plain, other, batch = make_trainer(), make_trainer(**how), make_batch()
    copy_weights(plain.networks, other.networks)
    if how.get("precision") == "mixed_float16":
        for optimizer in other.optimizers.values():
            # The first steps only find the largest scale that does not overflow.
            loss_scale(optimizer).assign(256)
    for wanted, got in zip(changes_of(plain, batch), changes_of(other, batch)):
        assert distance(got, wanted) < tolerance


def test_accumulated_parts_add_up_to_one_step(monkeypatch):
    plain_descent(monkeypatch)
    batch = make_batch()
    # Every other sample is of one part. Of plain descent from the same weights, steps add up; each
    # divides by the configured size of the batch.
    parts = [{key: value[part::2] for key, value in batch.items()} for part in range(2)]
    trainers = [make_trainer(accumulate=2), make_trainer(), make_trainer()]
    for trainer in trainers[1:]:
        copy_weights(trainers[0].networks, trainer.networks)
    together, *steps = map(changes_of, trainers, (batch, *parts))
    for got, one, other in zip(together, *steps):
        assert distance(got, one + other) < 0.1
        assert distance(one, other) > 0.2


def test_a_step_that_overflows_float16_is_skipped():
    trainer, batch = make_trainer(precision="mixed_float16"), make_batch()
    loss_scale(trainer.optimizers[COARSE]).assign(256)
    scale = loss_scale(trainer.optimizers[FINE])
    scale.assign(1e30)
    fine, coarse = ([v.numpy() for v in trainer.learners(term)] for term in (FINE, COARSE))
    trainer.train_step(batch)
    assert float(scale) == pytest.approx(5e29)
    for before, after in zip(fine, trainer.learners(FINE)):
        np.testing.assert_array_equal(before, after)
    assert any(
        (before != after.numpy()).any() for before, after in zip(coarse, trainer.learners(COARSE))
    )


def test_averages_follow_the_weights():
    trainer, batch = make_trainer(average_decay=0.5), make_batch()
    assert trainer.results is trainer.averages
    first = snapshot(trainer.networks)
    assert not moved(first, snapshot(trainer.averages))
    trainer.train_step(batch)
    trainer.update_averages()
    second, averages = snapshot(trainer.networks), snapshot(trainer.averages)
    # After one step the decay is (1 + 1) / (10 + 1).
    for name in first:
        for old, new, value in zip(first[name], second[name], averages[name]):
            np.testing.assert_allclose(value, 2 / 11 * old + 9 / 11 * new, atol=1e-6)


def test_all_options_together_on_two_replicas():
    strategy = two_replicas()
    with strategy.scope():
        trainer = make_trainer(precision="mixed_float16", accumulate=2, average_decay=0.9)
    share = share_of(make_batch(), strategy)
    before = snapshot(trainer.averages)

    def step(share):
        terms = strategy.run(trainer.train_step, args=(share,))
        trainer.update_averages()
        return {term: strategy.reduce("SUM", v, axis=0) for term, v in terms.items()}

    step = as_graph(step)
    history = [{k: float(v) for k, v in step(share).items()} for _ in range(12)]
    assert history[-1][COARSE] < history[0][COARSE]
    assert moved(before, snapshot(trainer.averages)) == set(before)
