"""That no primitive of JAX is without a rule, the rarer rules, and the form in which values are held."""

import jax
import jax.extend.core.primitives as primitives
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
import pytest
from jax import lax
from jax.extend.random import threefry_2x32

from refkit.tracing.primitives import RULES, stored
from tests.tracing.primitives_by_jaxpr import Case, assert_same, by_jax, by_rules

# What the evaluator has to enter itself, and what only means something on several devices or with effects.
ENTERED = {
    *("call", "closed_call", "cond", "custom_jvp_call", "custom_lin", "custom_linear_solve", "custom_vjp_call"),
    *("jit", "remat2", "scan", "while"),
}
BETWEEN_DEVICES = {
    *("all_gather", "all_to_all", "axis_index", "pmax", "pmin", "ppermute", "psum", "ragged_all_to_all"),
}
EFFECTS = {"after_all", "create_token", "get", "rng_uniform", "swap"}

CPU = jax.devices()[0]
rng = np.random.default_rng(4)
S, T, V = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 4), (6, 4), (4,)))
POSITIVE = S @ S.T + 4 * np.eye(4, dtype=np.float32)
A, X = np.linspace(0.3, 6, 9, dtype=np.float32), np.linspace(5, 0.2, 9, dtype=np.float32)


def test_every_public_primitive_has_a_rule():
    names = {getattr(primitives, name).name for name in dir(primitives) if name.endswith("_p")}
    assert names - set(RULES) == ENTERED | BETWEEN_DEVICES | EFFECTS


def up_to_signs(q, r):
    """A factorization whose columns and rows have no sign of their own."""
    return jnp.abs(q), jnp.abs(r), q @ r


def printed(x):
    jax.debug.print("{}", x)
    jax.debug.callback(lambda y: None, x)
    return x * 2


def reflected(t):
    reflectors, taus = (x.T if x.ndim == 2 else x for x in jnp.linalg.qr(t, mode="raw"))
    product = lax.linalg.householder_product(reflectors, taus)
    return product, [lax.linalg.ormqr(reflectors, taus, t[:, :2], transpose=way) for way in (True, False)]


RARE = {
    "approximate_largest": Case(lambda x: (lax.approx_max_k(x, 2), lax.approx_min_k(x, 3)), (T,)),
    "cholesky_update": Case(lambda s, v: lax.linalg.cholesky_update(jnp.linalg.cholesky(s).T, v), (POSITIVE, V)),
    "printed": Case(printed, (T,)),
    "placed": Case(lambda x: jax.device_put(x, CPU) + 1, (T,)),
    "reflected": Case(reflected, (T,)),
    "pivoted": Case(lambda x: jsp.linalg.qr(x, pivoting=True), (T,)),
    "full_qr": Case(lambda x: up_to_signs(*jnp.linalg.qr(x, mode="complete")), (T,)),
    "full_svd": Case(lambda x: (lambda u, d, v: (jnp.abs(u[:, :4]), d, jnp.abs(v)))(*jnp.linalg.svd(x)), (T,)),
    "hessenberg": Case(lambda s: jnp.abs(jsp.linalg.hessenberg(s)), (S,)),
    "schur": Case(lambda s: jnp.abs(jsp.linalg.schur(s)[0]), (POSITIVE,)),
    "tridiagonal": Case(lambda s: [jnp.abs(x) for x in lax.linalg.tridiagonal(s)[1:3]], (POSITIVE,)),
    "symmetric_product": Case(lambda s, t: lax.linalg.symmetric_product(s, s, alpha=2.0, beta=0.5), (POSITIVE, T)),
    "pivots": Case(lambda p: lax.linalg.lu_pivots_to_permutation(p, 5), (np.array([2, 1, 3], np.int32),)),
    "batched_lu": Case(lambda s: lax.linalg.lu(jnp.stack([s, s.T])), (S,)),
    "complex_solve": Case(lambda s, v: jnp.abs(jnp.linalg.solve(s + 1j * jnp.eye(4), v)), (S, V)),
    "threefry": Case(
        lambda k, x: threefry_2x32((k[0], k[1]), x), (np.array([3, 4], np.uint32), np.arange(7, dtype=np.uint32))
    ),
    "joined": Case(lambda x: jnp.stack(jnp.unstack(x, axis=1), axis=-1), (T,)),
    "constrained": Case(lambda x: lax.with_sharding_constraint(x, jax.sharding.SingleDeviceSharding(CPU)), (T,)),
    "empty": Case(lambda x: (x[:0].max(1), jnp.sort(x[:0]), x[:0] @ x.T, x[:, :0] @ x[:, :0].T), (T,)),
}


@pytest.fixture(scope="module")
def values():
    return by_jax(RARE)


@pytest.mark.parametrize("name", RARE)
def test_rare(name, values):
    assert_same(by_rules(RARE[name]), values[name])


def test_gradient_of_the_incomplete_gamma_function_in_its_shape():
    case = Case(jax.grad(lambda a, x: jsp.special.gammainc(a, x).sum()), (A, X))
    assert_same(by_rules(case), by_jax({"case": case})["case"], 1e-8)


@pytest.mark.parametrize("wide", [True, False], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    ("dtype", "held_wide", "held_narrow"),
    [
        ("float32", "float64", "float32"),
        ("bfloat16", "float64", "float32"),
        ("float64", "float64", "float64"),
        ("complex64", "complex128", "complex64"),
        ("int8", "int8", "int8"),
        ("bool", "bool", "bool"),
        (jax.dtypes.float0, "bool", "bool"),
    ],
)
def test_values_are_held_as_promised(dtype, held_wide, held_narrow, wide):
    aval = jax.ShapeDtypeStruct((2,), jnp.dtype(dtype))
    value = stored(np.zeros(2, aval.dtype), aval, wide)
    assert value.dtype == (held_wide if wide else held_narrow)
    assert stored(value, aval, wide) is value or dtype == "bfloat16"


def test_low_precision_is_rounded_to():
    assert stored(np.array(1.005), jax.ShapeDtypeStruct((), jnp.bfloat16), True) == float(jnp.bfloat16(1.005))


def test_keys_are_held_as_words():
    keys = jax.random.split(jax.random.key(0), 3)
    np.testing.assert_array_equal(stored(keys, keys.aval, True), jax.random.key_data(keys))
