"""Search spaces as they are written, and what is no space gets one sentence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refkit.errors import RefkitError
from refkit.tuning import spaces
from refkit.tuning.spaces import Range, Values, read_dimension, read_settings, read_space, read_spaces, require_inside

HOW = "write it as `name=1e-5..1e-1:log`, `name=16..256` or `name=relu,tanh`"


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("1e-5..1e-1:log", Range(1e-5, 0.1, True)),
        ("16..256", Range(16, 256)),
        ("0..0.5", Range(0.0, 0.5)),
        ("relu,tanh", Values(("relu", "tanh"))),
        ("0, 1e-4", Values((0, 1e-4))),
        ("True,None", Values((True, None))),
        ("64", Values((64,))),
    ],
)
def test_a_dimension_is_read(text, dimension):
    assert read_dimension("x", text) == dimension


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1..0", "the range of `x` goes from 1 to 0: give the smaller number first"),
        ("0..1:log", "the range of `x` starts at 0, which has no logarithm: start it above 0"),
        ("1..", f"`x=1..` is no range of numbers: {HOW}"),
        ("a..b", f"`x=a..b` is no range of numbers: {HOW}"),
        ("1,1", "`x` is given a value twice: give each once"),
        (",", f"`x` is given no value: {HOW}"),
    ],
)
def test_what_is_no_dimension_gets_a_sentence(text, sentence):
    with pytest.raises(RefkitError) as caught:
        read_dimension("x", text)
    assert str(caught.value) == sentence


def test_a_files_own_space_is_read():
    given = {"rate": (1e-5, 0.1, "log"), "units": (16, 256), "kind": ["a", "b"], "depth": "1..3"}
    assert read_space(given) == {
        "rate": Range(1e-5, 0.1, True),
        "units": Range(16, 256),
        "kind": Values(("a", "b")),
        "depth": Range(1, 3),
    }


@pytest.mark.parametrize("given", [{}, [1], {"x": 3}, {"x": (1, 2, 3)}, {"x": [len]}, {"x": (math.nan, 1)}])
def test_what_is_no_space_gets_a_sentence(given):
    with pytest.raises(RefkitError):
        read_space(given)


def test_a_name_alone_has_the_range_that_it_has_of_itself():
    default = {"a": Range(0, 9), "b": Range(1, 2)}
    assert read_spaces(["a", "c=1,2"], default) == {"a": Range(0, 9), "c": Values((1, 2))}
    assert read_spaces([], default) == default
    with pytest.raises(RefkitError) as caught:
        read_spaces(["c"], default)
    assert str(caught.value) == f"`--space c` says no range for `c`, which has none of its own: {HOW}"


def test_settings_are_read():
    assert read_settings(["a=1e-3", "b=relu", "c=None"]) == {"a": 1e-3, "b": "relu", "c": None}
    for texts, sentence in (
        (["a"], "`--set a` sets nothing: write it as `--set name=value`"),
        (["a=1", "a=2"], "`--set` is given twice for `a`: give it once"),
    ):
        with pytest.raises(RefkitError) as caught:
            read_settings(texts)
        assert str(caught.value) == sentence


def test_values_take_the_types_that_the_space_has():
    space = {"rate": Range(1e-5, 0.1, True), "units": Values((32, 64)), "n": Range(1, 4), "channels": Values(("6-16",))}
    assert require_inside(space, {"rate": 1e-2, "units": 64, "n": 2.0, "channels": "6-16"}) == {
        "rate": 1e-2,
        "units": 64,
        "n": 2,
        "channels": "6-16",
    }
    with pytest.raises(RefkitError) as caught:
        require_inside(space, {"rate": 1.0})
    assert str(caught.value) == (
        "`--set rate=1` lies outside the search space `rate=1e-05..0.1:log`: widen that by `--space`"
    )


@given(st.floats(1e-6, 1e3), st.floats(1.01, 1e6), st.booleans(), st.floats(0, 1))
def test_a_share_of_a_range_is_found_again(low, ratio, log, share):
    dimension = Range(low, low * ratio, log)
    number = dimension.at(share)
    assert dimension.low <= number <= dimension.high
    assert dimension.share(number) == pytest.approx(share, abs=1e-6)


@given(st.integers(1, 50), st.integers(1, 50), st.booleans(), st.integers(2, 9))
def test_points_hold_both_ends_and_lie_inside(low, width, log, count):
    points = Range(low, low + width, log).points(count)
    assert points[0] == low and points[-1] == low + width and points == sorted(set(points))


def test_two_spaces_differ_in_words_where_they_differ_at_all():
    assert spaces.words_of({"x": Range(1e-5, 0.1)}) != spaces.words_of({"x": Range(1.00001e-5, 0.1)})
    assert spaces.words_of({"x": Values((1,))}) != spaces.words_of({"x": Values(("1",))})
    assert spaces.words_of({"x": Range(1, 3)}) != spaces.words_of({"x": Range(1.0, 3.0)})
