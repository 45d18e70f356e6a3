"""Whole models, losses and optimizer steps of Flax and Optax, and their gradients, against JAX."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx

from tests.tracing.primitives_by_jaxpr import Case, assert_same, by_jax, by_rules, compare, gradient

rng = np.random.default_rng(1)


def draw(*shape):
    return rng.normal(size=shape).astype(np.float32)


IMAGES, ROWS, SEQUENCE = draw(3, 9, 8, 2), draw(7, 6), draw(3, 5, 4)
LABELS, TOKENS = np.array([0, 3, 1, 4, 2, 2, 0], np.int32), np.array([[1, 4, 2], [0, 3, 3]], np.int32)


def of_nnx(build, *inputs, key=None) -> Case:
    """A program of a module's parameters, drawn at random, and its inputs."""
    graph, state = nnx.split(build(nnx.Rngs(0)))
    parameters, rest = nnx.split_state(state, nnx.Param, ...)
    rest = nnx.to_pure_dict(nnx.filter_state(rest, nnx.BatchStat))
    parameters = jax.tree.map(lambda x: draw(*x.shape) * np.float32(0.5), nnx.to_pure_dict(parameters))
    rest = jax.tree.map(lambda x: np.abs(draw(*x.shape)) + np.float32(0.5), rest)

    def program(parameters, statistics, *inputs):
        module = build(nnx.Rngs(0) if key is None else nnx.Rngs(key))
        state = nnx.state(module, (nnx.Param, nnx.BatchStat))
        nnx.replace_by_pure_dict(state, nnx_merge(parameters, statistics))
        nnx.update(module, state)
        outputs = module(*inputs)
        return outputs, nnx.to_pure_dict(nnx.state(module, nnx.BatchStat))

    return Case(program, (parameters, rest, *inputs))


def nnx_merge(one, other):
    """Two nested dictionaries in one."""
    merged = dict(one)
    for name, value in other.items():
        merged[name] = nnx_merge(merged.get(name, {}), value) if isinstance(value, dict) else value
    return merged


def of_linen(module, *inputs, **options) -> Case:
    """A program of a module's variables, drawn at random, and its inputs."""
    variables = jax.eval_shape(partial(module.init, **options), jax.random.key(0), *inputs)
    variables = jax.tree.map(lambda x: np.abs(draw(*x.shape)) * np.float32(0.5), variables)
    return Case(lambda v, *xs: module.apply(v, *xs, mutable=["batch_stats"], **options), (variables, *inputs))


class Recurrent(nnx.Module):
    """A recurrent layer that starts from zeros of the input's own dtype."""

    def __init__(self, cell, rngs, **options):
        self.rnn = nnx.RNN(cell(4, 6, rngs=rngs), **options)

    def __call__(self, x):
        zeros = jnp.zeros((x.shape[0], 6), x.dtype)
        pair = isinstance(self.rnn.cell, (nnx.LSTMCell, nnx.OptimizedLSTMCell))
        return self.rnn(x, initial_carry=(zeros, zeros) if pair else zeros)


class Convolutional(nnx.Module):
    """Convolutions of several kinds, with normalisation and pooling."""

    def __init__(self, rngs):
        self.first = nnx.Conv(2, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.strided = nnx.Conv(4, 6, (3, 2), strides=2, padding="VALID", feature_group_count=2, rngs=rngs)
        self.dilated = nnx.Conv(6, 4, (2, 2), kernel_dilation=2, padding="CIRCULAR", rngs=rngs)
        self.up = nnx.ConvTranspose(4, 3, (3, 3), strides=(2, 2), rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.norm(self.first(x))), (2, 2), strides=(1, 1), padding="SAME")
        x = nnx.gelu(self.dilated(self.strided(x)))
        return nnx.avg_pool(self.up(x), (2, 2), strides=(2, 2)), nnx.min_pool(x, (2, 2))


def losses(logits):
    """Optax's losses, one after the other."""
    one_hot, binary = jax.nn.one_hot(LABELS, 6), (LABELS > 1).astype(np.float32)
    return [
        optax.softmax_cross_entropy_with_integer_labels(logits, LABELS),
        optax.softmax_cross_entropy(logits, one_hot),
        optax.sigmoid_binary_cross_entropy(logits[:, 0], binary),
        optax.l2_loss(logits, one_hot),
        optax.huber_loss(logits, one_hot, delta=0.5),
        optax.log_cosh(logits, one_hot),
        optax.hinge_loss(logits[:, 0], 2 * binary - 1),
        optax.cosine_similarity(logits, one_hot),
        optax.kl_divergence(jax.nn.log_softmax(logits), jax.nn.softmax(one_hot)),
        optax.sigmoid_focal_loss(logits[:, 0], binary),
        optax.ctc_loss(logits[None], jnp.zeros((1, 7)), LABELS[None, :3], jnp.zeros((1, 3))),
    ]


def steps(transformation, parameters):
    """Three updates of a gradient transformation."""
    state = transformation.init(parameters)
    for _ in range(3):
        slope = jax.tree.map(lambda x: jnp.sin(3 * x), parameters)
        updates, state = transformation.update(slope, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
    return parameters, state


WEIGHTS = {"kernel": draw(4, 3), "bias": draw(3)}
SCHEDULE = optax.warmup_cosine_decay_schedule(0.0, 0.125, 2, 10)
OPTIMIZERS = {
    "sgd": optax.sgd(0.125, momentum=0.5, nesterov=True),
    "adam": optax.adam(SCHEDULE),
    "adamw": optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(optax.exponential_decay(0.5, 2, 0.5))),
    "rmsprop": optax.rmsprop(optax.piecewise_constant_schedule(0.125, {2: 0.5})),
    "adagrad": optax.adagrad(0.125),
    "lamb": optax.lamb(optax.linear_schedule(0.5, 0.25, 4)),
    "lion": optax.lion(0.125),
    "adafactor": optax.adafactor(0.125, min_dim_size_to_factor=2),
    "masked": optax.masked(optax.add_decayed_weights(0.125), {"kernel": True, "bias": False}),
    "accumulated": optax.MultiSteps(optax.sgd(0.125), 2),
    "clipped": optax.chain(optax.clip(0.5), optax.zero_nans(), optax.ema(0.5), optax.scale(-0.25)),
    "finite": optax.apply_if_finite(optax.adabelief(0.125), 2),
}
MODELS = {
    "dense": of_nnx(
        lambda rngs: nnx.Sequential(nnx.Linear(6, 8, rngs=rngs), nnx.tanh, nnx.Linear(8, 6, rngs=rngs)),
        ROWS,
    ),
    "convolutional": of_nnx(Convolutional, IMAGES),
    "lstm": of_nnx(lambda rngs: Recurrent(nnx.LSTMCell, rngs), SEQUENCE),
    "optimized_lstm": of_nnx(
        lambda rngs: Recurrent(nnx.OptimizedLSTMCell, rngs, reverse=True, keep_order=True),
        SEQUENCE,
    ),
    "gru": of_nnx(lambda rngs: Recurrent(nnx.GRUCell, rngs), SEQUENCE),
    "simple_cell": of_nnx(lambda rngs: Recurrent(nnx.SimpleCell, rngs, time_major=False), SEQUENCE),
    "attention": of_nnx(
        lambda rngs: nnx.MultiHeadAttention(2, 4, qkv_features=6, decode=False, normalize_qk=True, rngs=rngs), SEQUENCE
    ),
    "embedding": of_nnx(lambda rngs: nnx.Embed(5, 3, rngs=rngs), TOKENS),
    "layer_norm": of_nnx(lambda rngs: nnx.LayerNorm(4, rngs=rngs), SEQUENCE),
    "rms_norm": of_nnx(lambda rngs: nnx.RMSNorm(4, rngs=rngs), SEQUENCE),
    "group_norm": of_nnx(lambda rngs: nnx.GroupNorm(4, num_groups=2, rngs=rngs), SEQUENCE),
    "batch_norm_at_evaluation": of_nnx(lambda rngs: nnx.BatchNorm(4, use_running_average=True, rngs=rngs), SEQUENCE),
    "general_linear": of_nnx(lambda rngs: nnx.LinearGeneral((5, 4), (2, 3), axis=(-2, -1), rngs=rngs), SEQUENCE),
    "einsum": of_nnx(lambda rngs: nnx.Einsum("abc,cd->abd", (4, 3), (3,), rngs=rngs), SEQUENCE),
    "linen_dense": of_linen(linen.Sequential([linen.Dense(5), linen.silu, linen.Dense(3)]), ROWS),
    "linen_convolution": of_linen(
        linen.Conv(3, (3, 3), strides=2, input_dilation=(1, 2), padding=((1, 1), (0, 2))),
        IMAGES,
    ),
    "linen_transposed": of_linen(linen.ConvTranspose(3, (2, 3), strides=(2, 1), transpose_kernel=True), IMAGES),
    "linen_batch_norm": of_linen(linen.BatchNorm(use_running_average=False), SEQUENCE),
    "linen_attention": of_linen(linen.MultiHeadDotProductAttention(num_heads=2), SEQUENCE),
    "linen_lstm": of_linen(linen.RNN(linen.LSTMCell(3)), SEQUENCE),
    "linen_gru": of_linen(linen.RNN(linen.GRUCell(3)), SEQUENCE),
    "linen_optimized_lstm": of_linen(linen.RNN(linen.OptimizedLSTMCell(3)), SEQUENCE),
    "linen_weight_norm": of_linen(linen.WeightNorm(linen.Dense(3)), ROWS),
    "dot_product_attention": Case(
        lambda q: jax.nn.dot_product_attention(q, q[..., ::-1], q, is_causal=True),
        (draw(2, 4, 2, 3),),
    ),
    "losses": Case(losses, (draw(7, 6),)),
}
STEPS = {name: Case(partial(steps, optimizer), (WEIGHTS,)) for name, optimizer in OPTIMIZERS.items()}
# Recurrences whose carries or outputs are float32 whatever the input is: JAX cannot run them in float64.
NARROW = {"simple_cell", "linen_lstm", "linen_gru", "linen_optimized_lstm"}
WIDE = {name: case for name, case in MODELS.items() if name not in NARROW}


def dropped(key, x):
    """Dropout of both kinds of Flax modules, drawn from a key."""
    yours = linen.Dropout(0.25, deterministic=False).apply({}, x, rngs={"dropout": key})
    return yours, nnx.Dropout(0.5, rngs=nnx.Rngs(key))(x), nnx.Dropout(0.5, broadcast_dims=(0,), rngs=nnx.Rngs(3))(x)


DRAWN = {
    "dropout": Case(dropped, (jax.random.key(2), ROWS)),
    "dropout_gradient": Case(
        lambda k, x: jax.grad(lambda x: sum((y**2).sum() for y in dropped(k, x)))(x),
        (jax.random.key(2), ROWS),
    ),
    "initialisation": Case(lambda k: linen.Dense(4).init(k, ROWS), (jax.random.key(4),)),
    "nnx_initialisation": Case(lambda: nnx.state(nnx.Linear(3, 4, rngs=nnx.Rngs(5)), nnx.Param), ()),
    "noise": Case(lambda x: optax.add_noise(0.5, 0.5, 3).update(x, optax.add_noise(0.5, 0.5, 3).init(x))[0], (ROWS,)),
    **{f"gradient of {name}": gradient(MODELS[name]) for name in sorted(NARROW)},
}


@pytest.fixture(scope="module")
def gradients():
    return by_jax({name: gradient(case) for name, case in WIDE.items()})


@pytest.fixture(scope="module")
def updates():
    return by_jax(STEPS)


@pytest.fixture(scope="module")
def drawn():
    return by_jax(DRAWN, wide=False)


@pytest.mark.parametrize("name", WIDE)
def test_model(name, gradients):
    compare(WIDE[name], gradients[name], 1e-6)


@pytest.mark.parametrize("name", STEPS)
def test_optimizer(name, updates):
    assert_same(by_rules(STEPS[name]), updates[name], 1e-6)


@pytest.mark.parametrize("name", DRAWN)
def test_narrow(name, drawn):
    assert_same(by_rules(DRAWN[name], wide=False), drawn[name], 1e-5)
