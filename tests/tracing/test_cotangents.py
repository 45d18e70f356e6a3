"""The gradient at every step, against jax.grad."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refkit.tracing.cotangents import cotangents
from refkit.tracing.evaluate import evaluate
from tests.tracing.executed import programmed, steps

rng = np.random.default_rng(6)
ROWS = rng.normal(size=(5, 3)).astype(np.float32)
MATRIX = rng.normal(size=(3, 3)).astype(np.float32)


@jax.custom_jvp
def straight_through(x):
    return jnp.round(jnp.sin(x) * 4)


@straight_through.defjvp
def straight_through_jvp(primals, tangents):
    return straight_through(*primals), 3 * tangents[0]


@jax.custom_vjp
def reversed_gradient(x):
    return jnp.tanh(x)


reversed_gradient.defvjp(lambda x: (reversed_gradient(x), None), lambda _, g: (-g,))


def dense(x, w):
    return jax.nn.relu(x @ w).sum(1)


def recurrent(x, w):
    def advance(state, row):
        state = jnp.tanh(row + state @ w)
        return state, state

    last, states = jax.lax.scan(advance, jnp.zeros(3), x)
    return last + states.sum(0)


def recurrent_backwards(x, w):
    last, _ = jax.lax.scan(lambda state, row: (jnp.sin(row + state @ w), None), jnp.zeros(3), x, reverse=True)
    return last


def nested(x, w):
    def outer(total, row):
        return jax.lax.scan(lambda inner, value: (inner * 0.5 + jnp.sin(value), inner), total, row)

    return jax.lax.scan(outer, w.sum(), x)[1]


def custom_in_a_scan(x, w):
    last, _ = jax.lax.scan(lambda state, row: (reversed_gradient(row + state @ w), None), jnp.zeros(3), x)
    return straight_through(last)


def chosen(x, w):
    return jax.lax.cond(True, lambda: jnp.sin(x @ w), lambda: jnp.cos(x @ w))


def stopped(x, w):
    return jax.lax.stop_gradient(jnp.sin(x)) @ w


def normalised(x, w):
    return jax.nn.log_softmax(x @ w)


PROGRAMS = (dense, recurrent, recurrent_backwards, nested, custom_in_a_scan, chosen, stopped, normalised)


def gradients(function, nodes=(), seed=None):
    program = programmed(function, ROWS, MATRIX)
    trace = evaluate(program, [ROWS, MATRIX])
    nodes = nodes(trace) if callable(nodes) else list(nodes)
    result = trace.values[trace.outputs[0]]
    seed = rng.normal(size=result.shape) if seed is None else seed
    return trace, seed, *cotangents(program, trace, [ROWS, MATRIX], nodes, [0, 1], seed)


def by_jax(function, seed):
    with jax.enable_x64(True):
        weighed = lambda x, w: (function(x, w) * seed).sum()
        return [np.asarray(g) for g in jax.grad(weighed, (0, 1))(ROWS.astype(np.float64), MATRIX.astype(np.float64))]


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda function: function.__name__)
def test_the_gradient_of_arguments_is_that_of_jax(function):
    _, seed, _, found = gradients(function)
    for mine, theirs in zip(found, by_jax(function, seed), strict=True):
        assert mine.dtype == np.float64
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


def test_while_loops_are_replayed_as_often_as_they_ran():
    def loop(x, w):
        return jax.lax.while_loop(lambda s: s[1] < 3, lambda s: (jnp.sin(s[0] @ w), s[1] + 1), (x, 0))[0]

    def unrolled(x, w):
        for _ in range(3):
            x = jnp.sin(x @ w)
        return x

    _, seed, _, found = gradients(loop)
    for mine, theirs in zip(found, by_jax(unrolled, seed), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


def test_the_gradient_at_a_node_is_that_of_a_change_there():
    trace, seed, at, _ = gradients(dense, lambda trace: steps(trace, "dot_general"))
    (node,) = at
    expected = seed[:, None] * (trace.values[node] > 0)
    np.testing.assert_allclose(at[node], expected, atol=1e-12)


def test_the_gradient_at_every_time_step():
    trace, seed, at, _ = gradients(recurrent_backwards, lambda trace: steps(trace, "sin"))
    expected = seed
    matrix = MATRIX.astype(np.float64)
    for node in reversed(list(at)):
        np.testing.assert_allclose(at[node], expected, rtol=1e-6, atol=1e-9)
        (before,) = trace.parents[node]
        expected = (expected * np.cos(trace.values[before])) @ matrix.T


@pytest.mark.parametrize(("function", "factor"), [(straight_through, 3.0), (reversed_gradient, -1.0)])
def test_derivative_rules_of_the_programs_own_are_kept(function, factor):
    _, seed, _, (of_rows, _) = gradients(lambda x, w: function(x) + 0 * w.sum())
    np.testing.assert_allclose(of_rows, factor * seed, atol=1e-12)


def test_behind_a_stopped_gradient_there_is_none():
    _, _, at, (of_rows, of_matrix) = gradients(stopped, lambda trace: steps(trace, "sin"))
    assert not of_rows.any() and of_matrix.any()
    assert not next(iter(at.values())).any()


def test_a_node_that_feeds_nothing_has_no_gradient():
    def wasteful(x, w):
        unused = jnp.cos(x)
        return jnp.sin(x) + 0 * w.sum(), unused

    _, _, at, _ = gradients(wasteful, lambda trace: [*steps(trace, "cos"), *steps(trace, "sin")], np.ones(ROWS.shape))
    cosine, sine = at.values()
    assert not cosine.any() and (sine == 1).all()
