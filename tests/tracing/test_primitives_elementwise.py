"""Elementwise rules, their special values and their gradients, against JAX in float64."""

import jax
import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np
import pytest
from jax import lax

from tests.tracing.primitives_by_jaxpr import Case, as_numpy, assert_same, by_jax, by_rules, compare, gradient

X = np.linspace(-2.9, 3.1, 24, dtype=np.float32).reshape(4, 6)
U = np.linspace(-0.95, 0.9, 12, dtype=np.float32)
P = np.linspace(0.1, 5.3, 12, dtype=np.float32)
Q = np.linspace(1.2, 4.7, 12, dtype=np.float32)[::-1].copy()
EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1.5, 2.5, np.inf, -np.inf, np.nan, 88.0, -110.0], np.float32)
A, B = (x.reshape(-1) for x in np.meshgrid(EDGES, EDGES))  # all pairs
I = np.array([0, 1, -1, 7, -7, 100, -128, 127, 2**31 - 1, -(2**31), 12, 5], np.int32)
J = np.array([3, -1, -1, 2, -2, 7, 0, 31, 1, -1, 32, 33], np.int32)

SMOOTH = {
    **{name: (getattr(jnp, name), X) for name in ("exp", "exp2", "expm1", "sin", "cos", "tan", "tanh", "sinh", "cosh")},
    **{
        name: (getattr(jnp, name), X)
        for name in ("arctan", "arcsinh", "abs", "square", "sign", "floor", "ceil", "rint")
    },
    **{name: (getattr(jnp, name), P) for name in ("log", "log1p", "sqrt", "cbrt", "reciprocal")},
    **{name: (getattr(jnp, name), U) for name in ("arcsin", "arccos", "arctanh", "sinc")},
    **{name: (getattr(jax.nn, name), X) for name in ("relu", "sigmoid", "softplus", "silu", "elu", "selu", "celu")},
    **{name: (getattr(jax.nn, name), X) for name in ("leaky_relu", "hard_tanh", "relu6", "hard_swish", "log_sigmoid")},
    **{
        name: (getattr(jax.nn, name), X)
        for name in ("softmax", "log_softmax", "soft_sign", "mish", "standardize", "glu")
    },
    **{name: (getattr(special, name), P) for name in ("gammaln", "digamma", "i0e", "i1e", "i0", "i1")},
    "gelu": (jax.nn.gelu, X),
    "gelu_exact": (lambda x: jax.nn.gelu(x, approximate=False), X),
    "arccosh": (jnp.arccosh, Q),
    "erf": (special.erf, X),
    "erfc": (special.erfc, X),
    "erfinv": (special.erfinv, U),
    "ndtri": (special.ndtri, (U + 1) / 2),
    "log_ndtr": (special.log_ndtr, X),
    "rsqrt": (lax.rsqrt, P),
    "logsumexp": (lambda x: jax.nn.logsumexp(x, axis=1), X),
    "cube": (lambda x: x**3, X),
    "power_minus_two": (lambda x: lax.integer_pow(x, -2), X),
    "power_seven": (lambda x: lax.integer_pow(x, 7), X),
    "power_zero": (lambda x: lax.integer_pow(x, 0), X),
    "power": (lambda x, y: x**y, P, U),
    "power_of_integer": (lambda x: lax.pow(x, np.arange(12, dtype=np.int32)), U),
    "arctan2": (jnp.arctan2, U, P),
    "hypot": (jnp.hypot, U, P),
    "divide": (jnp.divide, U, P),
    "remainder": (lax.rem, X, X[::-1].copy()),
    "modulo": (jnp.mod, X, X[::-1].copy() + 4),
    "maximum": (jnp.maximum, U, P - 2),
    "minimum": (jnp.minimum, U, P - 2),
    "clip": (lambda x: jnp.clip(x, -1, 1.5), X),
    "clamp_arrays": (lambda x: lax.clamp(-x, x, x + 1), P),
    "logaddexp": (jnp.logaddexp, U, P),
    "where": (lambda x: jnp.where(x > 0, x, jnp.exp(x)), X),
    "select": (lambda x: jnp.select([x < -1, x < 0, x < 1], [x, x * 2, x * 3], 7.0), X),
    "select_n": (lambda x: lax.select_n(jnp.int32(2), x, x * 2, x * 3), X),
    "select_n_elementwise": (lambda x: lax.select_n(np.arange(24, dtype=np.int32).reshape(4, 6) % 3, x, x * 2, -x), X),
    "select_n_scalar": (lambda x: lax.select_n(x[0, 0] > 0, x, x * 2), X),
    "polygamma": (lambda x: special.polygamma(2, x), P),
    "zeta": (lambda x: special.zeta(x, 2.0), Q),
    "gammainc": (lambda x: special.gammainc(2.5, x), P),
    "gammaincc": (lambda x: special.gammaincc(2.5, x), P),
    "betainc": (lambda x: special.betainc(2.0, 3.0, (x + 1) / 2), U),
    "complex": (lambda x, y: jnp.abs(jnp.exp(lax.complex(x, y)) * jnp.conj(lax.complex(y, x))), U, P),
    "complex_parts": (lambda x, y: (jnp.real(lax.complex(x, y) ** 2), jnp.imag(jnp.sqrt(lax.complex(x, y)))), U, P),
    "stop_gradient": (lambda x: x * lax.stop_gradient(x), X),
    "barrier": (lambda x: lax.optimization_barrier((x, x * 2)), X),
    "reduce_precision": (lambda x: lax.reduce_precision(x, 5, 4), X * 1000),
    "checkpoint": (jax.checkpoint(lambda x: jnp.sin(jnp.exp(x))), X),
    "custom_division": (lambda x, y: lax.div(x, y) + lax.sub(x, y) * lax.neg(y), U, P),
}
PLAIN = {
    **{
        f"{name}_at_edges": (getattr(jnp, name), EDGES)
        for name in ("exp", "log", "sqrt", "tanh", "sign", "log1p", "rint")
    },
    **{f"{name}_at_edges": (getattr(jax.nn, name), EDGES) for name in ("sigmoid", "relu", "softplus", "softmax")},
    **{f"{name}_at_edges": (getattr(special, name), EDGES) for name in ("erf", "erfc", "gammaln", "digamma")},
    "arithmetic_at_edges": (lambda x, y: [op(x, y) for op in (lax.add, lax.sub, lax.mul, lax.div, lax.rem)], A, B),
    "extremes_at_edges": (lambda x, y: [op(x, y) for op in (jnp.maximum, jnp.minimum)], A, B),
    "power_at_edges": (lambda x, y: x**y, A, B),
    "arctan2_at_edges": (jnp.arctan2, A, B),
    "comparisons": (lambda x, y: [op(x, y) for op in (lax.eq, lax.ne, lax.lt, lax.le, lax.gt, lax.ge)], A, B),
    "finite": (
        lambda x: (jnp.isfinite(x), jnp.isnan(x), jnp.isinf(x), jnp.nan_to_num(x, posinf=9.0, neginf=-9.0)),
        EDGES,
    ),
    "clamp_at_edges": (lambda x: jnp.clip(x, -1.0, 1.0), EDGES),
    "round_half_away": (lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO), EDGES),
    "to_integers": (lambda x: [x.astype(t) for t in ("int32", "uint8", "int8", "uint32", "bool")], EDGES * 3.7),
    "integer_arithmetic": (lambda x, y: [op(x, y) for op in (lax.add, lax.sub, lax.mul, lax.div, lax.rem)], I, J),
    "integer_functions": (lambda x: (abs(x), -x, jnp.sign(x), x**3, x * x, lax.population_count(x), lax.clz(x)), I),
    "integer_division": (lambda x, y: (x // y, x % y), I[1:7], J[1:7]),
    "logic": (lambda x, y: (x & y, x | y, x ^ y, ~x, (x > 0) & (y > 0), ~(x > 0), (x > 0) ^ (y > 0)), I, J),
    "shifts": (
        lambda x, y: [op(x, y) for op in (lax.shift_left, lax.shift_right_logical, lax.shift_right_arithmetic)],
        I,
        J,
    ),
    "unsigned": (
        lambda x, y: [op(x, y) for op in (lax.add, lax.mul, lax.div, lax.shift_left, lax.shift_right_logical, lax.max)],
        I.astype(np.uint32),
        J.astype(np.uint32),
    ),
    "high_product": (lambda x, y: lax.mulhi(x, y), I, J),
    "small_integers": (lambda x: (x.astype(np.int8), x.astype(np.uint8), x.astype(np.int16)), I),
    "uint8_wraps": (lambda x: (x - np.uint8(200), x * np.uint8(3)), np.arange(250, 256, dtype=np.uint8)),
    "booleans": (lambda x: (x > 0).astype(np.float32) + (x > 1).astype(np.int32), X),
    "real_of_complex": (lambda x: lax.complex(x, x).astype(np.complex64).real, U),
}
DIFFERENTIABLE = {name: Case(function, tuple(arguments)) for name, (function, *arguments) in SMOOTH.items()}
FIXED = {name: Case(function, tuple(arguments)) for name, (function, *arguments) in PLAIN.items()}
# Programs whose constants JAX rounds to float32 when it traces them, so that float64 can agree no further.
ROUNDED = {"sinc", "selu", "leaky_relu", "gelu", "gelu_exact", "ndtri", "log_ndtr", "cbrt", "erf", "erfc", "erfinv"}


def tolerance(name: str) -> float:
    """What is allowed beside a program's largest value."""
    return 1e-7 if name in ROUNDED else 1e-10


@pytest.fixture(scope="module")
def values():
    return by_jax(FIXED)


@pytest.fixture(scope="module")
def gradients():
    return by_jax({name: gradient(case) for name, case in DIFFERENTIABLE.items()})


@pytest.mark.parametrize("name", FIXED)
def test_value(name, values):
    assert_same(by_rules(FIXED[name]), values[name], tolerance(name))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_value_and_gradient(name, gradients):
    compare(DIFFERENTIABLE[name], gradients[name], tolerance(name))


OWN_PRECISION = {
    "nextafter": Case(lambda x: jnp.nextafter(x, np.float32(9)), (X,)),
    "bitcast": Case(lambda x: lax.bitcast_convert_type(x, np.int32), (X,)),
    "bitcast_back": Case(
        lambda x: lax.bitcast_convert_type(lax.bitcast_convert_type(x, np.uint32) + 1, np.float32), (X,)
    ),
    "bitcast_to_bytes": Case(lambda x: lax.bitcast_convert_type(x, np.uint8), (X,)),
    "bitcast_from_halves": Case(
        lambda x: lax.bitcast_convert_type(x.reshape(6, 2), np.uint32), (np.arange(12, dtype=np.uint16),)
    ),
    "bfloat16": Case(lambda x: x.astype(jnp.bfloat16), (X,)),
    "float16": Case(lambda x: x.astype(jnp.float16).astype(np.float32), (X * 30000,)),
    "float8": Case(lambda x: x.astype(jnp.float8_e4m3fn).astype(np.float32), (X,)),
    "bfloat16_product": Case(lambda x: jnp.sin(x.astype(jnp.bfloat16)) * 3, (X,)),
    "signbit": Case(jnp.signbit, (EDGES,)),
    "frexp": Case(jnp.frexp, (X,)),
    "ldexp": Case(lambda x: jnp.ldexp(x, 3), (X,)),
}


@pytest.mark.parametrize("wide", [True, False], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", OWN_PRECISION)
def test_own_precision_is_kept(name, wide):
    case = OWN_PRECISION[name]
    theirs = [as_numpy(x) for x in jax.tree.leaves(case.function(*map(jnp.asarray, case.arguments)))]
    assert_same(by_rules(case, wide), theirs, 2.0**-7 if name == "bfloat16_product" else 1e-7)
