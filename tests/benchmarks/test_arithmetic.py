"""Floating-point operations counted in a program."""

import jax
import jax.numpy as jnp
import pytest

from refkit.benchmarks.arithmetic import operations


def product(x, w):
    return x @ w


X, W = jnp.ones((5, 7)), jnp.ones((7, 3))


def test_a_product_takes_a_multiplication_and_an_addition_for_each_pair():
    assert operations(product, X, W) == 2 * 5 * 7 * 3
    assert operations(jax.vmap(product, in_axes=(0, None)), X[None].repeat(4, 0), W) == 4 * 2 * 5 * 7 * 3


def test_every_pass_of_a_loop_counts():
    loop = lambda x, w: jax.lax.scan(lambda carry, _: (carry @ w, None), x, length=11)[0]
    assert operations(loop, X, jnp.ones((7, 7))) == 11 * 2 * 5 * 7 * 7


def test_nested_programs_count_once_and_a_branch_as_the_dearest():
    nested = jax.jit(lambda x, w: jax.checkpoint(jax.jit(product))(x, w))
    assert operations(nested, X, W) == 2 * 5 * 7 * 3
    branched = lambda x, w: jax.lax.cond(x[0, 0] > 0, product, lambda x, w: jnp.zeros((5, 3)), x, w)
    assert operations(branched, X, W) == 2 * 5 * 7 * 3


@pytest.mark.parametrize("strides", [1, 2])
def test_a_convolution_takes_a_product_for_each_output(strides):
    pictures, kernel = jnp.ones((2, 3, 8, 8)), jnp.ones((6, 3, 5, 5))
    convolve = lambda x, w: jax.lax.conv_general_dilated(x, w, (strides, strides), "VALID")
    out = len(range(0, 4, strides))
    assert operations(convolve, pictures, kernel) == 2 * (2 * 6 * out * out) * (3 * 5 * 5)


def test_both_gradients_of_a_product_take_as_much_as_itself():
    step = jax.grad(lambda x, w: product(x, w).sum(), argnums=(0, 1))
    assert operations(step, X, W) == 3 * operations(product, X, W)
