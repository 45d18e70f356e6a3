"""What the text of a program says where numbers cannot."""

import textwrap

import pytest

from refkit.diagnosis.wording import definitions, mentions, reads_from_outside

SOURCE = textwrap.dedent(
    """\
    import jax
    START = init(3)
    COUNT = 4


    def one(params, x):
        return params["w"] @ x


    every = jax.vmap(one, in_axes=(None, 1))


    def loss(params, x):
        late = every(START, x) / COUNT
        return every(params, x).mean() + late


    def train(state, x):
        def inner(params):
            return every(state.params, x) + every(params, x)

        return inner(state.params)
    """
)


@pytest.mark.parametrize(
    ("line", "outside"),
    [
        (7, False),  # takes what it was given
        (14, True),  # a global that is data
        (15, False),  # a function and its own arguments
        (20, True),  # the enclosing function's
        (22, False),
    ],
)
def test_data_that_a_function_was_not_given(line, outside):
    assert reads_from_outside(SOURCE, line) is outside


def test_a_function_is_mentioned_outside_of_itself():
    assert mentions(SOURCE, "one") == (10,)


def test_calls_that_are_bound_to_a_name():
    assert definitions(SOURCE)["every"] == (10,)
    assert "COUNT" not in definitions(SOURCE)
