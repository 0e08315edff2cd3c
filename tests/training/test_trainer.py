import keras
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.losses import load_vgg
from maskanim_tf.ops.seeds import sample_seeds
from maskanim_tf.training.trainer import COARSE, FINE, MASK, TERMS, Trainer
from tests.helpers import TINY_CONFIG, random_frames, two_replicas

CONFIG = TINY_CONFIG.replace(
    training=TINY_CONFIG.training.replace(batch_size=4, learning_rate=1e-3),
    # An untrained mask is nearly flat, and rounding would decide which pixels are below its median.
    perturbation=PerturbationConfig(threshold="fixed", fixed_threshold=0.1),
)


def make_trainer(config=CONFIG):
    return Trainer(config, load_vgg(config.loss))


def make_batch(count=4):
    driving = random_frames(count, seed=1)
    return {
        names.SOURCE: tf.constant(random_frames(count)),
        names.DRIVING: tf.constant(np.clip(driving * 0.95, 0, 1)),
        names.TARGET: tf.constant(driving),
        names.SEEDS: sample_seeds((1, 2), count),
    }


def snapshot(trainer):
    return {n.name: [np.array(w) for w in n.get_weights()] for n in trainer.networks}


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


def test_each_term_reaches_its_own_variables():
    trainer, batch = make_trainer(), make_batch()
    with tf.GradientTape(persistent=True) as tape:
        terms = {term: tf.reduce_sum(v) for term, v in trainer.losses_of(batch).items()}
    assert set(terms) == set(TERMS)
    for term, value in terms.items():
        for network in trainer.networks:
            gradients = tape.gradient(value, network.trainable_variables)
            reached = [g is not None and float(tf.reduce_max(tf.abs(g))) > 0 for g in gradients]
            if network.name in ROUTES[term]:
                assert np.mean(reached) > 0.6, (term, network.name)
            else:
                assert not any(reached), (term, network.name)


def test_first_epoch_leaves_the_refiner_alone():
    trainer, batch = make_trainer(), make_batch()
    before = snapshot(trainer)
    trainer.train_step(batch, refine=False)
    after = snapshot(trainer)
    assert moved(before, after) == {"mask_generator", "low_res_generator", "high_res_generator"}
    assert int(trainer.optimizers[MASK].iterations) == 0
    trainer.train_step(batch, refine=True)
    assert moved(after, snapshot(trainer)) == set(before)
    assert int(trainer.optimizers[MASK].iterations) == 1


def test_losses_fall():
    trainer, batch = make_trainer(), make_batch()
    step = tf.function(trainer.train_step)
    history = [{k: float(tf.reduce_mean(v)) for k, v in step(batch).items()} for _ in range(30)]
    for term in (COARSE, FINE):
        assert np.mean([h[term] for h in history[-5:]]) < 0.9 * history[0][term]


@pytest.mark.parametrize("refine", [False, True])
def test_two_replicas_step_like_one(refine, monkeypatch):
    # Plain gradient descent shows the gradients themselves. Adam would blow up the rounding of
    # those that are zero by construction: a bias before a batch norm has no effect.
    monkeypatch.setattr(
        "maskanim_tf.training.trainer.make_optimizer", lambda config: keras.optimizers.SGD(0.01)
    )
    batch, results, weights = make_batch(), [], None
    for strategy in (tf.distribute.get_strategy(), two_replicas()):
        with strategy.scope():
            trainer = make_trainer()
        weights = weights or [network.get_weights() for network in trainer.networks]
        for network, values in zip(trainer.networks, weights):
            network.set_weights(values)
        dataset = tf.data.Dataset.from_tensors(batch).unbatch().batch(4)
        (share,) = strategy.experimental_distribute_dataset(dataset)

        @tf.function
        def step(share, trainer=trainer, strategy=strategy):
            return strategy.run(trainer.train_step, args=(share, refine))

        step(share)
        results.append([network.get_weights() for network in trainer.networks])
    for one, two in zip(*results):
        for a, b in zip(one, two):
            np.testing.assert_allclose(a, b, atol=2e-6, rtol=1e-4)
    assert any(np.abs(a - c).max() > 1e-4 for a, c in zip(results[1][0], weights[0]))
