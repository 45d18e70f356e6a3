"""Loops in another form give the values and gradients of the loops as they are written."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refkit.lowering import loops, lowered
from refkit.lowering.bodies import Body
from refkit.lowering.merged import merged

STEPS, BATCH, FEATURES, HIDDEN = 7, 3, 2, 5
RNG = np.random.default_rng(0)


def drawn(*shape):
    return jnp.asarray(RNG.normal(size=shape) * 0.5, jnp.float32)


X, H = drawn(STEPS, BATCH, FEATURES), drawn(BATCH, HIDDEN)
W = {gate: (drawn(FEATURES, HIDDEN), drawn(HIDDEN, HIDDEN), drawn(HIDDEN)) for gate in "ifgo"}


def scanned(step, first, x, **how):
    """The last state and all that was kept, as one number."""
    last, kept = jax.lax.scan(step, first, x, **how)
    return sum(jnp.sin(leaf).sum() for leaf in jax.tree.leaves((last, kept)))


def lstm(w, x, h, gates=lambda w, x, h: [x @ w[k][0] + h @ w[k][1] + w[k][2] for k in "ifgo"], **how):
    def step(state, x):
        c, h = state
        i, f, g, o = gates(w, x, h)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (c, h), h

    return scanned(step, (jnp.zeros_like(h), h), x, **how)


def turned_gates(w, x, h):
    """Weights as PyTorch keeps them, and on the left."""
    return [(w[k][0].T @ x.T).T + jnp.einsum("hk,bh->bk", w[k][1], h) + w[k][2] for k in "ifgo"]


def one_weight(w, x, h):
    return jnp.split(x @ jnp.concatenate([w[k][0] for k in "ifgo"], 1) + h @ w["i"][1].repeat(4, 1), 4, axis=1)


def gru(w, x, h):
    def step(h, x):
        r, z = (jax.nn.sigmoid(x @ w[k][0] + h @ w[k][1] + w[k][2]) for k in "if")
        n = jnp.tanh(x @ w["g"][0] + w["g"][2] + r * (h @ w["g"][1]))
        return (1 - z) * n + z * h, None

    return scanned(step, h, x)


def plain_rnn(w, x, h):
    step = lambda h, x: (jnp.tanh(x @ w["i"][0] + h @ w["i"][1]), None)
    return scanned(step, h, x)


def twice_the_same(w, x, h):
    """One weight in two places of a pass, and its gradient the sum of both."""
    step = lambda h, x: (jnp.tanh(jnp.tanh(h @ w["i"][1]) @ w["i"][1] + x @ w["i"][0]), h)
    return scanned(step, h, x)


def shared_biases(w, x, h):
    step = lambda h, x: (jnp.tanh(x @ w["i"][0] + w["i"][2]) + jnp.tanh(h @ w["f"][1] + w["i"][2]), None)
    return scanned(step, h, x)


def with_a_count(w, x, h):
    """Carried values that grow otherwise: by one, by themselves, and by what is added to another."""

    def step(state, x):
        h, count, total, double = state
        h = jnp.tanh(x @ w["i"][0] + h @ w["i"][1] + 0.1 * count + total[0])
        return (h, count + 1, total + h, double + double), count

    return scanned(step, (h, 0.0, jnp.zeros_like(h), jnp.ones(2)), x)


def rounded_in_between(w, x, h):
    """What is rounded to whole numbers before it is added up: the sum may not be rounded instead."""

    def step(total, x):
        seen = x.T @ jnp.tanh(x @ w["i"][0])
        return (total[0] + seen, total[1] + (3 * seen).astype(jnp.int32)), None

    last, _ = jax.lax.scan(step, (jnp.zeros((FEATURES, HIDDEN)), jnp.zeros((FEATURES, HIDDEN), jnp.int32)), x)
    return jnp.sin(last[0]).sum() + last[1].sum()


def summed_by_hand(w, x, h):
    """A sum of products that is written out, with other uses of it; and one beside it."""

    def step(state, x):
        seen, outer = state
        seen = seen + x.T @ jnp.tanh(x @ w["i"][0])
        return (seen, outer + x.T @ x), seen.sum()

    return scanned(step, (jnp.zeros((FEATURES, HIDDEN)), jnp.zeros((FEATURES, FEATURES))), x)


def layers(w, x, h):
    step = lambda gates, h, x: (jnp.tanh(x @ w[gates[0]][1] + h @ w[gates[1]][1]),) * 2
    _, first = jax.lax.scan(functools.partial(step, "if"), h, x @ w["i"][0])
    _, second = jax.lax.scan(functools.partial(step, "go"), h, first, reverse=True)
    return jnp.sin(first).sum() + jnp.cos(second).sum()


def one_row_beside_many(w, x, h):
    step = lambda h, x: (jnp.tanh(h @ w["i"][1] + h[:1] @ w["f"][1] + x @ w["g"][0] + x[:1] @ w["o"][0]), None)
    return scanned(step, h, x)


def inner_loop(w, x, h):
    def step(h, x):
        h, _ = jax.lax.scan(lambda h, _: (jnp.tanh(h @ w["i"][1] + x @ w["i"][0]), None), h, None, length=2)
        return h, h

    return scanned(step, h, x)


def mixed_precision(w, x, h):
    half = lambda one: one.astype(jnp.bfloat16)
    step = lambda h, x: (jnp.tanh((half(h) @ half(w["i"][1])).astype(jnp.float32) + x @ w["i"][0]), None)
    return scanned(step, h, x)


def checkpointed(w, x, h):
    step = jax.checkpoint(lambda h, x: (jnp.tanh(x @ w["i"][0] + h @ w["i"][1]), h))
    return scanned(step, h, x)


MODELS = [
    gru,
    plain_rnn,
    twice_the_same,
    shared_biases,
    with_a_count,
    rounded_in_between,
    summed_by_hand,
    layers,
    one_row_beside_many,
    inner_loop,
    checkpointed,
    lstm,
    *(
        functools.partial(lstm, **how)
        for how in ({"reverse": True}, {"unroll": 3}, {"gates": turned_gates}, {"gates": one_weight})
    ),
]


def name_of(model):
    if not isinstance(model, functools.partial):
        return model.__name__
    ((what, how),) = model.keywords.items()
    return f"lstm-{what}-{getattr(how, '__name__', how)}"


def close(yours, reference, rtol=2e-4):
    for mine, theirs in zip(jax.tree.leaves(yours), jax.tree.leaves(reference), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=rtol / 100 * max(1.0, float(jnp.abs(theirs).max())))


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_values_and_gradients_agree(model):
    both = jax.value_and_grad(model, (0, 1, 2))
    close(jax.jit(lowered(both))(W, X, H), jax.jit(both)(W, X, H))


def test_values_of_lower_precision_stay_so():
    both = jax.value_and_grad(mixed_precision)
    close(lowered(both)(W, X, H), both(W, X, H), 0.05)


@pytest.mark.parametrize("model", [lstm, gru, twice_the_same], ids=name_of)
def test_seeds_side_by_side_agree(model):
    several = jax.tree.map(lambda leaf: jnp.stack([leaf, 0.5 * leaf]), (W, H))
    both = jax.vmap(jax.value_and_grad(model, (0, 1, 2)), in_axes=(0, None, 0))
    close(jax.jit(lowered(both))(several[0], X, several[1]), jax.jit(both)(several[0], X, several[1]))


def scans_in(function, *arguments):
    found, todo = [], [jax.make_jaxpr(function)(*arguments).jaxpr]
    while todo:
        for equation in todo.pop().eqns:
            todo += [part.jaxpr for part in equation.params.values() if hasattr(part, "jaxpr")]
            if equation.primitive.name == "scan":
                found.append(equation)
    return found


def test_an_lstm_makes_one_product_a_pass_for_its_gates_and_one_behind_the_loop_for_all_gradients():
    both = jax.value_and_grad(lstm)
    program = jax.make_jaxpr(lowered(both))(W, X, H)
    forward, backward = scans_in(lowered(both), W, X, H)
    products = lambda equation: str(equation.params["jaxpr"]).count("dot_general")
    assert products(forward) == 2  # of the inputs and of the states, with all gates' weights
    assert backward.params["num_carry"] == 2
    assert sum(equation.primitive.name == "dot_general" for equation in program.eqns) == 1
    written = scans_in(both, W, X, H)
    assert [products(equation) for equation in written] == [8, 12]
    kept = lambda equation: len(equation.outvars) - equation.params["num_carry"]
    assert kept(forward) < kept(written[0])


def test_a_loop_without_products_stays_as_it_is():
    total = lambda x: jax.lax.scan(lambda carry, x: (carry + x.sum(), jnp.tanh(x)), 0.0, x)
    assert str(jax.make_jaxpr(lowered(total))(X)) == str(jax.make_jaxpr(total)(X))


def test_a_loop_that_prints_stays_as_it_is(capfd):
    def step(h, x):
        jax.debug.print("passed")
        return jnp.tanh(h @ W["i"][1] + x @ W["i"][0]), None

    close(lowered(lambda x: scanned(step, H, x))(X), scanned(step, H, X))
    jax.effects_barrier()
    assert capfd.readouterr().out.count("passed") == 2 * STEPS


def test_no_product_is_made_twice():
    (equation,) = scans_in(lstm, W, X, H)
    closed = loops.inlined(equation.params["jaxpr"])
    body = Body(closed.jaxpr, equation.params["num_consts"], equation.params["num_carry"])
    spared = [id(one) for group in merged(body) for one in group.spared]
    assert len(spared) == len(set(spared)) == 8
