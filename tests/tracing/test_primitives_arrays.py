"""Rules that move, join, order, reduce and multiply arrays, and their gradients, against JAX in float64."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from tests.tracing.primitives_by_jaxpr import Case, assert_same, by_jax, by_rules, compare, gradient

rng = np.random.default_rng(0)


def draw(*shape):
    return rng.normal(size=shape).astype(np.float32)


X, Y, Z = draw(3, 4, 5), draw(4, 5), draw(5)
S = draw(4, 4)
POSITIVE = S @ S.T + 4 * np.eye(4, dtype=np.float32)
ROWS = np.array([2, 0, 2, -1, 3], np.int32)
FAR = np.array([[1, 9], [-7, 2], [3, 4]], np.int32)
COUNT = rng.integers(0, 4, (6, 2)).astype(np.int32)
SCALAR_SCATTER = lax.ScatterDimensionNumbers((), (0,), (0,))


def batched_gather(mode, x):
    numbers = lax.GatherDimensionNumbers((2,), (), (1,), operand_batching_dims=(0,), start_indices_batching_dims=(0,))
    starts = np.array([[[0], [2], [9]], [[-3], [1], [3]], [[4], [0], [2]]], np.int32)
    return lax.gather(x[..., 0], starts, numbers, (1, 2), mode=mode)


def window_gather(mode, x):
    numbers = lax.GatherDimensionNumbers((0, 2, 3), (), (0, 2))
    return lax.gather(x, np.array([[0, 0], [1, 9], [2, 2], [-1, 1]], np.int32), numbers, (2, 4, 3), mode=mode)


def window_scatter(mode, x, u, scatter=lax.scatter_add):
    numbers = lax.ScatterDimensionNumbers((0, 2, 3), (), (0, 2))
    starts = np.array([[0, 0], [1, 9], [1, 2], [-1, 1]], np.int32)
    return scatter(x, starts, u, numbers, mode=mode)


def apply_jaxpr(x):
    return lax.scatter_apply(x, np.array([[1], [3], [1], [7]], np.int32), jnp.sin, SCALAR_SCATTER, update_shape=(4,))


def smallest_and_place(x):
    def pick(a, b):
        nearer = b[0] < a[0]
        return jnp.where(nearer, b[0], a[0]), jnp.where(nearer, b[1], a[1])

    places = lax.broadcasted_iota(np.int32, x.shape, 1)
    return lax.reduce((x, places), (x.dtype.type(np.inf), np.int32(-1)), pick, (1,))


def running_weights(x):
    def step(carry, row):
        return carry * 0.5 + row, jnp.tanh(carry)

    return lax.scan(step, x[0], x, reverse=True)


SMOOTH = {
    "reshape": (lambda x: x.reshape(5, -1).T.ravel(), X),
    "reshape_dimensions": (lambda x: lax.reshape(x, (20, 3), (2, 0, 1)), X),
    "transpose": (lambda x: x.transpose(2, 0, 1), X),
    "swapaxes": (lambda x: jnp.moveaxis(x, 0, -1)[..., None].squeeze(-1), X),
    "broadcast": (lambda x, z: jnp.broadcast_to(x[:, :, :1] * z, (2, 3, 4, 5)) + z[:4, None], X, Z),
    "broadcast_large": (lambda z: jnp.broadcast_to(z[:, None, None], (5, 20, 30)), Z),
    "tile": (lambda x: jnp.tile(x, (2, 1, 3)), X),
    "repeat": (lambda x: jnp.repeat(x, 3, axis=1), X),
    "flip": (lambda x: jnp.flip(x, (0, 2)), X),
    "roll": (lambda x: jnp.roll(x, (1, -2), (0, 2)), X),
    "rot90": (lambda y: jnp.rot90(y), Y),
    "concatenate": (lambda x, y: jnp.concatenate([x, y[None], x], 0), X, Y),
    "stack": (lambda y: jnp.stack([y, y * 2, -y], 1), Y),
    "split": (lambda x: jnp.split(x, [1, 3], axis=2), X),
    "unstack": (lambda x: [part * 2 for part in x], X),
    "slice": (lambda x: x[1:, ::2, 4:0:-2], X),
    "new_axes": (lambda x: x[:, None, 1, ..., None], X),
    "pad": (lambda x: jnp.pad(x, ((0, 2), (1, 0), (3, 1)), constant_values=2.5), X),
    "pad_modes": (lambda y: [jnp.pad(y, 2, mode=mode) for mode in ("edge", "reflect", "symmetric", "wrap")], Y),
    "dynamic_slice": (lambda x: lax.dynamic_slice(x, (np.int32(9), np.int32(-3), np.int32(1)), (2, 3, 3)), X),
    "dynamic_update_slice": (lambda x, y: lax.dynamic_update_slice(x, y[None, 1:3, 1:], (2, 9, -3)), X, Y),
    "triangles": (lambda s: (jnp.tril(s), jnp.triu(s, 1), jnp.diag(s), jnp.trace(s), jnp.diag(s[0])), S),
    "sum": (lambda x: (x.sum(), x.sum(1), x.sum((0, 2), keepdims=True)), X),
    "mean_and_deviation": (lambda x: (x.mean(0), x.var(1), x.std((0, 1)), jnp.median(x, axis=1)), X),
    "product": (lambda x: x.prod(1), X),
    "extremes": (lambda x: (x.max(1), x.min((0, 2)), jnp.ptp(x)), X),
    "norms": (lambda x, y: (jnp.linalg.norm(x), jnp.linalg.norm(y, axis=1), jnp.linalg.norm(y, 1, axis=0)), X, Y),
    "cumulative": (lambda x: (jnp.cumsum(x, 1), jnp.cumprod(x, 2), lax.cumsum(x, 0, reverse=True)), X),
    "cumulative_extremes": (lambda x: (lax.cummax(x, 1), lax.cummin(x, 2, reverse=True), lax.cumlogsumexp(x, 0)), X),
    "sort": (lambda x: (jnp.sort(x, 1), jnp.sort(x, 0, descending=True), jnp.percentile(x, 30.0)), X),
    "top_k": (lambda x: lax.top_k(x, 3), X),
    "top_k_axis": (lambda x: lax.top_k(x, 2, axis=0), X),
    "sort_keys": (lambda x: lax.sort((jnp.round(x), x * 2, x), dimension=1, num_keys=2), X),
    "general_reduce": (lambda x: lax.reduce(x, x.dtype.type(-np.inf), jnp.logaddexp, (0, 2)), X),
    "matmul": (lambda x, y: x @ y.T, X, Y),
    "vectors": (lambda z: (jnp.dot(z, z), jnp.outer(z, z), jnp.kron(z, z)), Z),
    "einsum_batch": (lambda x, y: jnp.einsum("bij,jk->bki", x, y.T), X, Y),
    "einsum_many": (lambda x: jnp.einsum("abc,dbc,aec->bdea", x, x, x), X),
    "einsum_diagonal": (lambda s: jnp.einsum("ii->i", s) + jnp.einsum("ij->j", s), S),
    "tensordot": (lambda x, y: jnp.tensordot(x, y, ((2, 1), (1, 0))), X, Y),
    "matrix_vector": (lambda y, z: (y @ z, z @ y.T), Y, Z),
    "dot_batches": (lambda x: lax.dot_general(x, x.transpose(1, 2, 0), (((2,), (1,)), ((0, 1), (2, 0)))), X),
    "ragged_dot": (lambda y, x: lax.ragged_dot(y, x, np.array([1, 0, 2], np.int32)), Y, X.transpose(0, 2, 1).copy()),
    "index_rows": (lambda y: y[ROWS], Y),
    "index_pairs": (lambda y: y[ROWS[:3], ROWS[1:4]], Y),
    "index_grid": (lambda x: x[:, ROWS[:, None], ROWS], X),
    "index_split": (lambda x: x[np.array([0, 2]), :, np.array([4, 1])], X),
    "index_traced": (lambda x: x[jnp.argmax(x[:, 0, 0])], X),
    "take_modes": (lambda y: [jnp.take(y, FAR, axis=0, mode=mode) for mode in ("fill", "clip", "wrap")], Y),
    "take_fill": (lambda y: y.at[FAR].get(mode="fill", fill_value=7.0), Y),
    "take_along_axis": (lambda y: jnp.take_along_axis(y, jnp.argsort(y, axis=1), axis=1), Y),
    **{f"batched_gather_{mode}": (partial(batched_gather, mode), X) for mode in ("clip", "promise_in_bounds")},
    **{f"window_gather_{mode}": (partial(window_gather, mode), X) for mode in ("clip", "promise_in_bounds")},
    **{f"window_scatter_{mode}": (partial(window_scatter, mode), X, draw(2, 4, 4, 3)) for mode in ("clip", "drop")},
    "set": (lambda x, y: x.at[1].set(y).at[:, 2, ::2].set(0.0), X, Y),
    "set_rows": (lambda y: y.at[np.array([2, 0])].set(y[:2] * 3), Y),
    "add_at": (lambda y, z: y.at[ROWS].add(z).at[1, 2].add(5.0), Y, Z),
    "add_far": (lambda y, z: y.at[FAR].add(z, mode="drop").at[FAR, 1].add(1.0, mode="clip"), Y, Z),
    "multiply_at": (lambda y: y.at[np.array([0, 2])].multiply(3.0), Y),
    "scatter_sub": (lambda y: y.at[ROWS, 1].subtract(2.0), Y),
    "segment_sum": (lambda y: jax.ops.segment_sum(y, np.array([0, 2, 0, 1]), num_segments=3), Y),
    "vmapped_index": (lambda x: jax.vmap(lambda m, i: m[i])(x, np.array([3, 0, 2])), X),
    "vmapped_slice": (lambda x: jax.vmap(lambda m, i: lax.dynamic_slice_in_dim(m, i, 2))(x, np.array([3, 0, 2])), X),
    "vmapped_update": (lambda x: jax.vmap(lambda m, i: m.at[i].add(m[0]))(x, np.array([3, 0, 2])), X),
    "one_hot": (lambda y: jax.nn.one_hot(ROWS, 4) @ y, Y),
    "scan": (running_weights, X),
    "fori_loop": (lambda y: lax.fori_loop(0, 4, lambda i, c: c * 0.75 + y[i], y[0]), Y),
    "associative_scan": (lambda y: lax.associative_scan(jnp.add, y, axis=1), Y),
    "map": (lambda x: lax.map(lambda m: jnp.sin(m).sum(0), x), X),
    "cond": (lambda y: lax.cond(y[0, 0] > 0, jnp.sin, jnp.cos, y), Y),
    "switch": (lambda y: lax.switch(np.int32(7), [jnp.sin, jnp.cos, jnp.tanh], y), Y),
    "interpolation": (
        lambda z: jnp.interp(z, np.linspace(-3, 3, 8, dtype=np.float32), np.arange(8.0, dtype=np.float32)),
        Z,
    ),
    "polynomial": (lambda y: jnp.polyval(np.array([1.0, -2.0, 0.5], np.float32), y), Y),
    "convolve": (lambda z: (jnp.convolve(z, z[:3]), jnp.correlate(z, z[:2], mode="same")), Z),
    "cholesky": (lambda s: jnp.linalg.cholesky(s), POSITIVE),
    "solve": (lambda s, y: jnp.linalg.solve(s, y), POSITIVE, Y),
    "inverse": (lambda s: (jnp.linalg.inv(s), jnp.linalg.det(s), jnp.linalg.slogdet(s)[1]), POSITIVE),
    "eigenvalues": (lambda s: jnp.linalg.eigvalsh(s), POSITIVE),
    "singular_values": (lambda y: jnp.linalg.svd(y, compute_uv=False), Y),
    "svd_product": (lambda y: (lambda u, d, v: (u * d) @ v)(*jnp.linalg.svd(y, full_matrices=False)), Y),
    "qr": (lambda y: jnp.linalg.qr(y.T), Y),
    "least_squares": (lambda y, z: jnp.linalg.lstsq(y.T, z)[0], Y, Z),
    "triangular_solve": (
        lambda s, y: [
            jax.scipy.linalg.solve_triangular(s, y, lower=lower, trans=trans, unit_diagonal=unit)
            for lower in (True, False)
            for trans, unit in ((0, False), (1, True))
        ],
        POSITIVE,
        Y,
    ),
    "batched_cholesky": (lambda s: jnp.linalg.cholesky(jnp.stack([s, 2 * s])), POSITIVE),
    "expm": (lambda s: jax.scipy.linalg.expm(s / 5), S),
    "fft": (
        lambda y: (jnp.abs(jnp.fft.fft(y)), jnp.abs(jnp.fft.rfft2(y)), jnp.fft.irfft(jnp.fft.rfft(y, axis=0), axis=0)),
        Y,
    ),
}
PLAIN = {
    "constants": (
        lambda x: (x * 0 + jnp.arange(5), jnp.linspace(0, 1, 7), jnp.eye(3), jnp.zeros(2), jnp.full(3, 7)),
        X,
    ),
    "iota": (
        lambda x: (lax.broadcasted_iota(np.int32, (2, 3, 4), 1), jnp.indices((2, 3)), jnp.meshgrid(x[0, 0], x[0, 1])),
        X,
    ),
    "argument_extremes": (lambda x: (x.argmax(), x.argmin(1), jnp.argmax(x, -1), jnp.nanargmax(x, 0)), X),
    "argmax_of_nan": (lambda x: (x.argmax(), x.argmin()), np.array([1, np.nan, 3, np.nan, -1], np.float32)),
    "argsort": (lambda x: (jnp.argsort(x, 1), jnp.argsort(x, 0, descending=True), jnp.argsort(COUNT, 0)), X),
    "sort_of_nan": (jnp.sort, np.array([1, np.nan, 3, np.inf, -np.inf, np.nan, -1], np.float32)),
    "top_k_of_ties": (lambda c: lax.top_k(c.ravel(), 5), COUNT),
    "lexsort": (lambda c: jnp.lexsort((c[:, 0], c[:, 1])), COUNT),
    "unique": (lambda c: jnp.unique(c, size=4, return_counts=True, return_inverse=True), COUNT),
    "searchsorted": (lambda x: jnp.searchsorted(jnp.sort(x.ravel()), x[0, 0]), X),
    "histogram": (lambda c: (jnp.bincount(c.ravel(), length=5), jnp.histogram(c, bins=3)[0]), COUNT),
    "nonzero": (lambda c: jnp.nonzero(c, size=5, fill_value=-1), COUNT),
    "any_all": (lambda x: ((x > 0).any(0), (x > -1).all(1), jnp.count_nonzero(x > 0), (x > 0).sum(1)), X),
    "integer_reductions": (lambda c: (c.sum(0), c.prod(1), c.max(), c.min(1), jnp.cumsum(c, 0), c.mean()), COUNT),
    "bit_reductions": (
        lambda c: [lax.reduce(c, np.int32(0), op, (0,)) for op in (lax.bitwise_or, lax.bitwise_xor)],
        COUNT,
    ),
    "bit_and": (lambda c: lax.reduce(c, np.int32(-1), lax.bitwise_and, (1,)), COUNT),
    "reduce_nothing": (lambda x: (x[:0].sum(0), x[:0].prod(0), x[:, :0].max(1, initial=-1.0)), X),
    "reduce_nan": (lambda x: (x.max(), x.min(), jnp.nanmax(x), jnp.nansum(x)), np.array([1, np.nan, 3], np.float32)),
    "integer_products": (
        lambda c: (c @ c.T, jnp.dot(c[0].astype(np.int8), c[1].astype(np.int8), preferred_element_type=np.int32)),
        COUNT,
    ),
    "integer_gather": (
        lambda c: (jnp.take(c, FAR, axis=0, mode="fill"), jnp.take(c.astype(np.uint8), FAR, axis=0, mode="fill")),
        COUNT,
    ),
    "boolean_gather": (lambda x: jnp.take(x > 0, FAR, axis=0, mode="fill"), Y),
    "batched_gather_fill": (partial(batched_gather, "fill"), X),
    "window_gather_fill": (partial(window_gather, "fill"), X),
    "scatter_windows": (partial(window_scatter, "drop", scatter=lax.scatter), X, draw(2, 4, 4, 3)),
    "scatter_extremes": (lambda y: (y.at[ROWS].max(0.125), y.at[ROWS].min(0.125), y.at[ROWS].multiply(2.0)), Y),
    "scatter_divide": (lambda y: (y.at[ROWS].divide(2.0), y.at[ROWS].power(2)), Y),
    "scatter_apply": (apply_jaxpr, Z),
    "scatter_apply_at": (lambda y: y.at[ROWS].apply(jnp.cos), Y),
    "smallest_and_place": (smallest_and_place, Y),
    "while": (lambda z: lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 1, jnp.sin(c[1])), (0, z)), Z),
    "eigenvectors": (lambda s: (lambda w, v: v * jnp.sign(v[0]) * w)(*jnp.linalg.eigh(s)), POSITIVE),
    "eigenvalues_general": (lambda s: jnp.sort(jnp.abs(jnp.linalg.eigvals(s))), S),
    "failed_cholesky": (lambda s: jnp.linalg.cholesky(-s), POSITIVE),
    "lu": (lambda s: jax.scipy.linalg.lu(s), S),
    "tridiagonal": (lambda s: lax.linalg.tridiagonal_solve(s[0], s[1] + 4, s[2], s), S),
    "platform": (lambda y: lax.platform_dependent(y, cpu=jnp.sin, default=jnp.cos), Y),
    "named": (lambda y: checkpoint_name(y, "y") * 1.0, Y),
}
DIFFERENTIABLE = {name: Case(function, tuple(arguments)) for name, (function, *arguments) in SMOOTH.items()}
FIXED = {name: Case(function, tuple(arguments)) for name, (function, *arguments) in PLAIN.items()}
# Constants that JAX rounds to float32 when it traces (quantiles, linspace), or what NumPy's LAPACK rounds otherwise.
ROUNDED = {"sort": 1e-6, "constants": 1e-7, "expm": 1e-6, "interpolation": 1e-6}


@pytest.fixture(scope="module")
def values():
    return by_jax(FIXED)


@pytest.fixture(scope="module")
def gradients():
    return by_jax({name: gradient(case) for name, case in DIFFERENTIABLE.items()})


@pytest.mark.parametrize("name", FIXED)
def test_value(name, values):
    assert_same(by_rules(FIXED[name]), values[name], ROUNDED.get(name, 1e-10))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_value_and_gradient(name, gradients):
    compare(DIFFERENTIABLE[name], gradients[name], ROUNDED.get(name, 1e-10))


def test_callback_is_called_in_the_dtype_of_the_program():
    def program(y):
        return jax.pure_callback(lambda v: np.asarray(v) + len(v), jax.ShapeDtypeStruct(y.shape, y.dtype), y)

    case = Case(program, (Y,))
    assert_same(by_rules(case), [Y + np.float32(4)])
