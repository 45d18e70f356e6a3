"""Random keys and draws: the same bits as JAX, and floats up to rounding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random
from jax.nn import initializers

from tests.tracing.primitives_by_jaxpr import Case, as_numpy, assert_same, by_jax, by_rules

KEY = random.key(7)
KEYS = random.split(random.key(3), 6).reshape(2, 3)
OLD = random.PRNGKey(11)

BITS = {
    "bits": (lambda k: (random.bits(k, (5, 3)), random.bits(k, (7,), np.uint8), random.bits(k, (), np.uint16)), KEY),
    "split": (lambda k: (random.split(k), random.split(k, (2, 3)), random.fold_in(k, 12), random.clone(k)), KEY),
    "old_keys": (lambda k: (random.split(k, 3), random.bits(k, (4,)), random.fold_in(k, 2)), OLD),
    "seeds": (lambda s: (random.key(s), random.key(-5), random.PRNGKey(s + 1), random.key(2**31 - 1)), np.int32(123)),
    "many_keys": (
        lambda ks: (jax.vmap(jax.vmap(lambda k: random.bits(k, (3,))))(ks), jax.vmap(random.split)(ks[0])),
        KEYS,
    ),
    "folded_keys": (lambda ks: jax.vmap(random.fold_in, (0, None))(ks[0], 4), KEYS),
    "folded_numbers": (lambda k: jax.vmap(random.fold_in, (None, 0))(k, np.arange(4)), KEY),
    "moved_keys": (
        lambda ks: (ks.T, ks.reshape(6), ks[1, ::2], ks[:, None], jnp.stack([ks, ks]).ravel(), ks.squeeze()),
        KEYS,
    ),
    "joined_keys": (
        lambda ks: (jnp.concatenate([ks, ks]), jnp.broadcast_to(ks[0], (2, 3)), ks[::-1], jnp.roll(ks, 1)),
        KEYS,
    ),
    "picked_keys": (
        lambda ks: (ks[np.array([1, 0]), 2], jnp.take(ks, np.array([0, 5, 9])), ks[jnp.argmax(np.array([1, 2]))]),
        KEYS,
    ),
    "chosen_keys": (lambda ks: jnp.where(np.array([[True], [False]]), ks, ks[::-1]), KEYS),
    "written_keys": (lambda ks: (ks.at[0].set(ks[1]), ks.at[np.array([1]), np.array([2])].set(ks[0, 0])), KEYS),
    "sliced_keys": (lambda ks: jax.lax.dynamic_slice(ks, (np.int32(1), np.int32(9)), (1, 2)), KEYS),
    "updated_keys": (lambda ks: jax.lax.dynamic_update_slice(ks, ks[:1], (np.int32(1), np.int32(0))), KEYS),
    "compared_keys": (lambda ks: (ks == ks[::-1], ks != ks, ks[0, 0] == ks[0, 0]), KEYS),
    "split_keys": (lambda ks: jnp.split(ks, [1], axis=1), KEYS),
    "scanned_keys": (lambda k: jax.lax.scan(lambda c, _: tuple(random.split(c)), k, None, length=4), KEY),
    "conditional_keys": (lambda k: jax.lax.cond(random.bits(k) > 5, lambda k: random.split(k)[1], lambda k: k, k), KEY),
    "key_data": (lambda ks: random.wrap_key_data(random.key_data(ks)[::-1]), KEYS),
    "integers": (lambda k: (random.randint(k, (9,), -3, 40), random.randint(k, (9,), 0, 256, np.uint8)), KEY),
    "permutation": (
        lambda k: (random.permutation(k, 11), random.permutation(k, np.arange(12).reshape(3, 4), axis=1)),
        KEY,
    ),
    "choice": (lambda k: (random.choice(k, 9, (4,)), random.choice(k, 9, (4,), replace=False)), KEY),
    "bernoulli": (lambda k: (random.bernoulli(k, 0.3, (20,)), random.rademacher(k, (5,))), KEY),
    "categorical": (lambda k: random.categorical(k, np.log(np.array([0.1, 0.6, 0.3], np.float32)), shape=(30,)), KEY),
}
FLOATS = {
    "uniform": (lambda k: (random.uniform(k, (3, 4)), random.uniform(k, (5,), minval=-2.0, maxval=3.0)), KEY),
    "normal": (lambda k: (random.normal(k, (40,)), random.normal(random.split(k)[1], (2, 3))), KEY),
    "truncated": (lambda k: random.truncated_normal(k, -2.0, 2.0, (30,)), KEY),
    "others": (
        lambda k: (random.gumbel(k, (9,)), random.exponential(k, (9,)), random.laplace(k, (9,))),
        KEY,
    ),
    "low_precision": (lambda k: random.uniform(k, (6,), jnp.bfloat16).astype(np.float32), KEY),
    "orthogonal": (lambda k: jnp.abs(random.orthogonal(k, 4)), KEY),
    "initializers": (
        lambda k: [make()(k, (5, 4)) for make in (initializers.lecun_normal, initializers.he_uniform)],
        KEY,
    ),
}
CASES = {name: Case(function, tuple(arguments)) for name, (function, *arguments) in (BITS | FLOATS).items()}


@pytest.fixture(scope="module")
def drawn():
    return by_jax(CASES, wide=False)


@pytest.mark.parametrize("name", CASES)
def test_draws(name, drawn):
    mine = by_rules(CASES[name], wide=False)
    if name in FLOATS:
        assert_same(mine, drawn[name], 2e-6)
    else:
        for yours, reference in zip(mine, drawn[name], strict=True):
            assert yours.dtype == reference.dtype
            np.testing.assert_array_equal(yours, reference)


@pytest.mark.parametrize("name", ("bits", "split", "many_keys", "folded_keys", "old_keys", "permutation", "normal"))
def test_draws_of_the_older_streams(name):
    with jax.threefry_partitionable(False):
        case = Case(*CASES[name])
        assert_same(by_rules(case, wide=False), by_jax({name: case}, wide=False)[name], 2e-6)


@pytest.mark.parametrize("name", ("uniform", "normal", "truncated"))
def test_draws_in_wide_mode_are_those_of_the_program(name, drawn):
    assert_same(by_rules(CASES[name], wide=True), drawn[name], 1e-6)


def test_sixty_four_bits():
    with jax.enable_x64(True):
        case = Case(lambda k: (random.bits(k, (5,), np.uint64), random.key(-(2**40)), random.uniform(k, (3,))), (KEY,))
        theirs = [as_numpy(x) for x in case.function(KEY)]
        assert_same(by_rules(case, wide=False), theirs)


@pytest.mark.parametrize("impl", ("rbg", "unsafe_rbg"))
def test_other_generators(impl):
    key = random.key(5, impl=impl)

    def draw(key):
        return random.split(key, 2), random.fold_in(key, 3), random.bits(key, (4,)), random.key(9, impl=impl)

    case = Case(draw, (key,))
    for yours, reference in zip(by_rules(case, wide=False), case.function(key), strict=True):
        np.testing.assert_array_equal(yours, as_numpy(reference))


def test_gamma_draws():
    case = Case(lambda k: random.gamma(k, 2.5, (4,)), (KEY,))
    assert_same(by_rules(case, wide=False), [as_numpy(case.function(KEY))], 1e-6)
