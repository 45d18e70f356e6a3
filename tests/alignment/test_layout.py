"""Equality up to layout: axes permuted and merged are equal, a reshape in the place of a transpose is not."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from refkit.alignment.layout import merging_orders, same_up_to_layout

EXACT = 1e-12
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def draw(shape, seed) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def rearranged(draw_one):
    """An array, and the same with its axes permuted and some neighbours merged."""
    value = draw(draw_one(shapes), draw_one(seeds))
    turned = value.transpose(draw_one(st.permutations(range(value.ndim))))
    merged = [turned.shape[0]]
    for size in turned.shape[1:]:
        if draw_one(st.booleans()):
            merged[-1] *= size
        else:
            merged.append(size)
    return value, turned.reshape(merged)


@given(rearranged())
@settings(max_examples=150, deadline=None)
def test_any_transpose_and_merge_is_equal_both_ways(pair):
    value, other = pair
    assert same_up_to_layout(value, other, EXACT)
    assert same_up_to_layout(other, value, EXACT)


@given(rearranged(), st.data())
@settings(max_examples=100, deadline=None)
def test_one_element_changed_is_not_equal(pair, data):
    value, other = pair
    changed = other.copy()
    changed[tuple(data.draw(st.integers(0, size - 1)) for size in other.shape)] += 10
    assert not same_up_to_layout(value, changed, EXACT)


@given(st.integers(2, 5), st.integers(2, 5), seeds)
@settings(max_examples=50, deadline=None)
def test_a_reshape_in_the_place_of_a_transpose_is_not_equal(rows, columns, seed):
    assume(rows != columns)
    value = draw((rows, columns), seed)
    scrambled = value.reshape(columns, rows)
    assert not same_up_to_layout(scrambled, value, EXACT)
    assert same_up_to_layout(value.T, value, EXACT)


@pytest.mark.parametrize("order", [o for o in itertools.permutations(range(4)) if o != (0, 1, 2, 3)])
def test_images_reshaped_to_another_order_of_axes_are_not_equal(order):
    images = draw((2, 3, 4, 5), 0)
    wanted = images.transpose(order)
    assert same_up_to_layout(wanted, images, EXACT)
    assert not same_up_to_layout(images.reshape(wanted.shape), images, EXACT)


def test_axes_of_size_one_do_not_count():
    value = draw((3, 4), 1)
    assert same_up_to_layout(value[:, None, :, None], value[None], EXACT)
    assert same_up_to_layout(np.ones((1, 1)), np.ones(()), EXACT)


def test_other_sizes_are_not_equal():
    assert not same_up_to_layout(np.ones(6), np.ones(3), EXACT)


def test_the_tolerance_is_that_of_every_element():
    value = draw((3, 4), 2)
    assert same_up_to_layout(value.T + 0.9e-3, value, 1e-3)
    assert not same_up_to_layout(value.T + 1.1e-3, value, 1e-3)


def test_nan_and_infinities_are_equal_in_the_same_places_alone():
    value = draw((3, 4), 3)
    value[0, 0], value[2, 3], value[1, 1] = np.nan, np.inf, -np.inf
    assert same_up_to_layout(value.T.copy(), value, EXACT)
    elsewhere = value.copy()
    elsewhere[1, 1] = np.inf
    assert not same_up_to_layout(elsewhere, value, EXACT)
    finite = np.where(np.isfinite(value), value, 0)
    assert not same_up_to_layout(finite, value, EXACT)


def test_orders_begin_with_the_axes_own_and_merge_to_the_shape():
    orders = merging_orders((2, 3, 4), (6, 4))
    assert orders[0] == (0, 1, 2) and (1, 0, 2) in orders
    assert all(np.zeros((2, 3, 4)).transpose(order).reshape(6, 4).shape == (6, 4) for order in orders)
    assert merging_orders((2, 3), (5,)) == ()
