"""Special functions, most of them through SciPy, which is imported on first use."""

import numpy as np

from refkit.tracing.primitives.arithmetic import binary, unary


def scipy_function(name: str):
    """A function of `scipy.special`, looked up when first called."""
    found = None

    def call(*arguments):
        nonlocal found
        if found is None:
            import scipy.special

            found = getattr(scipy.special, name)
        return found(*arguments)

    return call


_expit, _gammaln = scipy_function("expit"), scipy_function("gammaln")
_psi, _polygamma = scipy_function("psi"), scipy_function("polygamma")


def logistic(x):
    """The sigmoid, without overflow."""
    return np.true_divide(1, 1 + np.exp(-x)) if x.dtype.kind == "c" else _expit(x)


def log_gamma(x):
    """The logarithm of the absolute gamma function; infinite at minus infinity, as XLA has it."""
    return np.where(np.isneginf(x), np.asarray(np.inf, x.dtype), _gammaln(x))


def digamma(x):
    """The derivative of log-gamma; NaN at its poles, as XLA has it."""
    return np.where((x <= 0) & (x == np.floor(x)), np.asarray(np.nan, x.dtype), _psi(x))


def polygamma(order, x):
    """Derivatives of digamma of an integer order."""
    return np.where(order == np.floor(order), _polygamma(order.astype(int), x), np.nan)


def igamma_grad_a(a, x):
    """The derivative of the lower regularised incomplete gamma function in its shape, by central differences.

    Eighth order in a step small beside `a`, so that the error stays below what float32 programs can show.
    """
    lower = scipy_function("gammainc")
    a, x = np.asarray(a, np.float64), np.asarray(x, np.float64)
    step = 2e-3 * np.maximum(a, 1e-3)
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    total = sum(weight * (lower(a + k * step, x) - lower(a - k * step, x)) for k, weight in weights.items())
    return total / step


RULES = {
    "bessel_i0e": unary(scipy_function("i0e")),
    "bessel_i1e": unary(scipy_function("i1e")),
    "digamma": unary(digamma),
    "erf": unary(scipy_function("erf")),
    "erf_inv": unary(scipy_function("erfinv")),
    "erfc": unary(scipy_function("erfc")),
    "igamma": binary(scipy_function("gammainc")),
    "igamma_grad_a": binary(igamma_grad_a),
    "igammac": binary(scipy_function("gammaincc")),
    "lgamma": unary(log_gamma),
    "logistic": unary(logistic),
    "polygamma": binary(polygamma),
    "regularized_incomplete_beta": lambda inputs, params, avals, wide: [scipy_function("betainc")(*inputs)],
    "zeta": binary(scipy_function("zeta")),
}
