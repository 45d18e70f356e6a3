"""Which values of yours occur in the reference, and the first that leads nowhere the reference goes."""

import jax
import jax.numpy as jnp
import numpy as np

from refkit.alignment.matching import Alignment, KnownValues, informative
from tests.tracing.executed import executed, line_of

rng = np.random.default_rng(8)
X = rng.normal(size=(5, 4)).astype(np.float32)
W = rng.normal(size=(4, 6)).astype(np.float32)
V = rng.normal(size=(6, 3)).astype(np.float32)


def aligned(yours, reference, *arguments) -> Alignment:
    arguments = arguments or (X, W, V)
    mine, theirs = executed(yours, *arguments), executed(reference, *arguments)
    return Alignment(mine, theirs, KnownValues(theirs))


def departing_line(alignment: Alignment) -> int:
    return alignment.yours.sites[alignment.departure].line


def network(x, w, v):
    hidden = jnp.maximum(x @ w, 0)
    return hidden @ v


def test_a_program_beside_itself_departs_nowhere():
    alignment = aligned(network, network)
    assert alignment.whole and alignment.departure is None and all(alignment.ok)


def test_the_same_in_other_words_departs_nowhere():
    def other(x, w, v):
        hidden = jnp.einsum("of,bo->bf", v, jax.nn.relu(jnp.einsum("io,bi->ob", w, x)).T)
        return hidden

    alignment = aligned(other, network)
    assert alignment.whole and alignment.departure is None


def test_the_first_line_that_differs_is_named():
    def other(x, w, v):
        hidden = x @ w
        hidden = jnp.tanh(hidden)
        hidden = hidden * 2
        return hidden @ v

    alignment = aligned(other, network)
    assert not alignment.whole
    assert departing_line(alignment) == line_of(other, "tanh")
    product = alignment.yours.ops.index("dot_general")
    assert alignment.matched[product] >= 0 and alignment.ok[product]


def test_what_is_left_out_shows_at_its_first_consumer():
    def other(x, w, v):
        hidden = x @ w
        return hidden @ v

    assert departing_line(aligned(other, network)) == line_of(other, "hidden @ v")


def test_a_branch_that_leads_to_no_output_is_ignored():
    def other(x, w, v):
        curious = jnp.exp(x).sum()
        hidden = jnp.maximum(x @ w, 0)
        curious = curious * 2
        return (hidden + 1) @ v

    def harmless(x, w, v):
        curious = jnp.exp(x).sum()
        hidden = jnp.maximum(x @ w, 0)
        curious = curious * 2
        return hidden @ v

    assert departing_line(aligned(other, network)) == line_of(other, "(hidden + 1)")
    alignment = aligned(harmless, network)
    assert alignment.departure is None and alignment.whole


def recurrent(x, w, v):
    def advance(state, row):
        state = jnp.tanh(row @ w + state)
        return state, None

    return jax.lax.scan(advance, jnp.zeros(6), x)[0] @ v


def test_a_carry_of_zeros_matches_nothing_and_departs_nowhere():
    def unrolled(x, w, v):
        state = jnp.zeros(6)
        for row in x:
            state = jnp.tanh(row @ w + state)
        return state @ v

    alignment = aligned(unrolled, recurrent)
    assert alignment.whole and alignment.departure is None
    zeros = [node for node, value in enumerate(alignment.yours.values) if not value.any()]
    assert not any(informative(alignment.yours, node) for node in zeros)


def test_a_zero_that_is_computed_from_the_data_says_nothing():
    def other(x, w, v):
        state = x[0] * 0
        return jnp.maximum(x @ w, 0) @ v + state.sum()

    alignment = aligned(other, network)
    assert alignment.whole and alignment.departure is None


def test_a_recurrence_departs_at_the_time_step_from_which_it_differs():
    def forgets(x, w, v):
        def advance(state, row):
            state = jnp.tanh(row @ w + 0.5 * state)
            return state, None

        return jax.lax.scan(advance, jnp.zeros(6), x)[0] @ v

    alignment = aligned(forgets, recurrent)
    assert departing_line(alignment) == line_of(forgets, "0.5 * state")
    assert alignment.yours.times[alignment.departure] == (1,)  # at the first the state is zero


def test_a_value_of_yours_alone_is_ok_where_it_leads_on_to_the_references():
    def roundabout(x, w, v):
        shifted = x + 1
        doubled = shifted * 2
        back = doubled / 2 - 1
        return jnp.tanh(back @ w) @ v

    alignment = aligned(roundabout, network)
    assert departing_line(alignment) == line_of(roundabout, "tanh")
    sums = [node for node, op in enumerate(alignment.yours.ops) if op == "add"]
    assert all(alignment.matched[node] < 0 and alignment.ok[node] for node in sums)


def test_an_output_in_another_layout_is_not_the_references():
    def turned(x, w, v):
        hidden = jnp.maximum(x @ w, 0)
        return (hidden @ v).T

    alignment = aligned(turned, network)
    assert not alignment.whole and departing_line(alignment) == line_of(turned, ".T")


def test_values_of_constants_alone_are_never_the_departure():
    def other(x, w, v):
        offset = jnp.arange(6.0) * 0.1
        return jnp.maximum(x @ w + offset, 0) @ v

    assert departing_line(aligned(other, network)) == line_of(other, "w + offset")


def test_a_small_change_departs_and_rounding_does_not():
    for factor, whole in ((1 + 1e-4, False), (1 + 1e-7, True)):
        alignment = aligned(lambda x, w, v: network(x, w, v) * factor, network)
        assert alignment.whole == whole


def test_nan_in_the_same_places_is_the_same_and_elsewhere_it_departs():
    def holed(x, w, v):
        return jnp.where(x[:, :1] > 0, network(x, w, v), jnp.nan)

    assert aligned(holed, holed).whole
    assert not aligned(holed, network).whole and not aligned(network, holed).whole


def test_a_value_is_found_in_every_layout_and_only_there():
    known = KnownValues(executed(network, X, W, V))
    product = (X.astype(np.float64) @ W).astype(np.float64)
    assert known.find(product) and known.find(product.T.copy()) == known.find(product)
    assert known.find(product.reshape(6, 5)) == [] and known.find(product + 1e-3) == []
