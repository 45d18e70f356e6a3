"""Convolution, pooling, padding and gather over drawn parameters, and their gradients, against JAX in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax import lax

from tests.tracing.primitives_by_jaxpr import Case, assert_same, by_jax, by_rules, check, gradient

few = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LAYOUTS = {
    1: (("NCH", "OIH", "NCH"), ("NHC", "HIO", "NHC"), ("HNC", "IHO", "CHN")),
    2: (("NCHW", "OIHW", "NCHW"), ("NHWC", "HWIO", "NHWC"), ("CWNH", "WOHI", "NHWC")),
    3: (("NCDHW", "OIDHW", "NCDHW"), ("NDHWC", "DHWIO", "NDHWC")),
}


def numbers(*shape):
    """Distinct values that no window can confuse."""
    values = np.linspace(-2, 2, int(np.prod(shape)), dtype=np.float32)
    return np.random.default_rng(sum(shape)).permutation(values).reshape(shape)


def largest_of(stride):
    """Max-pooling of images in windows of three by three."""
    window, strides = (1, 3, 3, 1), (1, stride, stride, 1)
    return lambda x: lax.reduce_window(x, x.dtype.type(-np.inf), lax.max, window, strides, "SAME")


@st.composite
def convolutions(draw):
    rank = draw(st.sampled_from((1, 2, 2, 2, 3)))

    def per_axis(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    feature_groups, batch_groups = draw(st.sampled_from(((1, 1), (1, 1), (2, 1), (3, 1), (1, 2))))
    depth, outgoing = draw(st.integers(1, 2)), draw(st.integers(1, 2)) * feature_groups * batch_groups
    space, kernel = per_axis(4, 6), per_axis(1, 3)
    sizes = {"N": 2 * batch_groups, "C": depth * feature_groups} | dict(zip("DHW"[-rank:] if rank != 1 else "H", space))
    kernel_sizes = {"O": outgoing, "I": depth} | dict(zip("DHW"[-rank:] if rank != 1 else "H", kernel))
    layout = draw(st.sampled_from(LAYOUTS[rank]))
    padding = draw(st.sampled_from(("SAME", "VALID", None)))
    dilation = per_axis(1, 2)
    if padding is None or max(dilation) > 1:
        padding = tuple((draw(st.integers(-1, 2)), draw(st.integers(-1, 2))) for _ in range(rank))
    options = {
        "window_strides": per_axis(1, 2),
        "padding": padding,
        "lhs_dilation": dilation,
        "rhs_dilation": per_axis(1, 2),
        "dimension_numbers": layout,
        "feature_group_count": feature_groups,
        "batch_group_count": batch_groups,
    }
    x, w = (numbers(*(where[axis] for axis in axes)) for where, axes in zip((sizes, kernel_sizes), layout))
    return Case(lambda x, w: lax.conv_general_dilated(x, w, **options), (x, w))


@few
@given(convolutions())
def test_convolution(case):
    check({"case": case})


def convolution(padding, strides=(1, 1), **options):
    """A convolution of images in the usual layout."""
    layout = ("NHWC", "HWIO", "NHWC")
    return lambda x, w: lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=layout, **options)


def test_named_convolutions():
    x, w = numbers(2, 7, 6, 4), numbers(3, 3, 4, 4)
    check(
        {
            "transposed": Case(lambda x, w: lax.conv_transpose(x, w, (2, 2), "SAME"), (x, w)),
            "depthwise": Case(convolution("SAME", (1, 2), feature_group_count=4), (x, numbers(3, 3, 1, 8))),
            "patches": Case(lambda x: lax.conv_general_dilated_patches(x, (3, 2), (2, 1), "VALID"), (x,)),
            "pointwise": Case(convolution("VALID"), (x, numbers(1, 1, 4, 3))),
            "nothing left": Case(convolution("VALID"), (numbers(2, 2, 6, 4), w)),
        }
    )


def test_large_convolution_in_pieces(monkeypatch):
    monkeypatch.setattr("refkit.tracing.primitives.convolution.PATCH_ELEMENTS", 500)
    check({"case": Case(convolution("SAME"), (numbers(5, 6, 6, 2), numbers(3, 3, 2, 3)))})


def test_integer_convolution():
    x = np.arange(20, dtype=np.int32).reshape(1, 1, 20)
    case = Case(lambda x: lax.conv(x, x[..., :3], (1,), "SAME"), (x,))
    assert_same(by_rules(case), by_jax({"case": case})["case"])


@st.composite
def poolings(draw):
    rank = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(3, 6)) for _ in range(rank))
    windows = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    padding = draw(st.sampled_from(("SAME", "VALID", None)))
    dilated = draw(st.booleans())
    if padding is None:
        padding = tuple((draw(st.integers(0, 1)), draw(st.integers(0, 1))) for _ in range(rank))
    dilations = tuple(draw(st.integers(1, 2)) for _ in range(rank)) if dilated else (1,) * rank
    bases = tuple(draw(st.integers(1, 2)) for _ in range(rank)) if dilated else (1,) * rank
    return numbers(*shape), windows, strides, padding, bases, dilations


@few
@given(poolings())
def test_pooling(drawn):
    x, *window = drawn

    def reduce(function, initial):
        return lambda x: lax.reduce_window(x, x.dtype.type(initial), function, *window)

    cases = {
        "largest": Case(reduce(lax.max, -np.inf), (x,)),
        "smallest": Case(reduce(lax.min, np.inf), (x,)),
        "total": Case(reduce(lax.add, 0), (x,)),
    }
    if max(window[3] + window[4]) == 1:  # JAX has no gradients with dilation
        cases |= {f"gradient of {name}": gradient(case) for name, case in cases.items()}
    cases["from a start"] = Case(reduce(lax.max, 0.5), (x,))
    cases["product"] = Case(reduce(lax.mul, 1), (x,))
    cases["soft maximum"] = Case(reduce(jnp.logaddexp, -np.inf), (x,))
    theirs = by_jax(cases)
    for name, case in cases.items():
        assert_same(by_rules(case), theirs[name])


def test_second_derivative_of_pooling():
    x, pool = numbers(2, 6, 6, 1), largest_of(2)
    cases = {
        "tangent": Case(lambda x: jax.jvp(pool, (x,), (x * x,))[1], (x,)),
        "smallest": Case(lambda x: jax.jvp(lambda x: -pool(-x), (x,), (x * x,))[1], (x,)),
        "twice": Case(jax.grad(lambda x: jax.jvp(pool, (x,), (x**3,))[1].sum()), (x,)),
    }
    theirs = by_jax(cases)
    for name, case in cases.items():
        assert_same(by_rules(case), theirs[name])


@pytest.mark.parametrize("fill", [-np.inf, 0.0], ids=["padding", "ties"])
def test_pooling_gradient_goes_to_the_first_of_equals(fill):
    x = np.where(numbers(1, 6, 6, 2) > 0.5, 1.0, fill).astype(np.float32)
    case = Case(lambda x, y: jax.vjp(largest_of(1), x)[1](y), (x, numbers(1, 6, 6, 2)))
    assert_same(by_rules(case), by_jax({"case": case})["case"])


@st.composite
def paddings(draw):
    shape = tuple(draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 3))))
    config = []
    for size in shape:
        interior = draw(st.integers(0, 2))
        spread = size + (size - 1) * interior
        low = draw(st.integers(-spread, 3))
        config.append((low, draw(st.integers(-min(spread + low, spread), 3)), interior))
    return numbers(*shape), config


@few
@given(paddings())
def test_padding(drawn):
    x, config = drawn
    check({"case": Case(lambda x: lax.pad(x, x.dtype.type(7), config), (x,))})


@st.composite
def gathers(draw):
    rank = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(2, 4)) for _ in range(rank))
    sizes = tuple(draw(st.sampled_from((1, 1, size, max(1, size - 1)))) for size in shape)
    indexed = tuple(draw(st.permutations(range(rank)))[: draw(st.integers(1, rank))])
    collapsed = tuple(axis for axis in range(rank) if sizes[axis] == 1 and draw(st.booleans()))
    batch = tuple(draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 2))))
    kept = rank - len(collapsed)
    offsets = tuple(sorted(draw(st.permutations(range(len(batch) + kept)))[:kept]))
    count = int(np.prod(batch)) * len(indexed)
    starts = draw(st.lists(st.integers(-2, 5), min_size=count, max_size=count))
    starts = np.array(starts, np.int32).reshape(*batch, len(indexed))
    mode = draw(st.sampled_from(("clip", "fill", "promise_in_bounds")))
    dimensions = lax.GatherDimensionNumbers(offsets, collapsed, indexed)
    return Case(lambda x, i: lax.gather(x, i, dimensions, sizes, mode=mode, fill_value=7.0), (numbers(*shape), starts))


@few
@given(gathers())
def test_gather_and_scatter(case):
    check({"case": case})
