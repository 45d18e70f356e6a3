"""Factorizations and triangular systems, matrix by matrix through NumPy and SciPy (LAPACK, as JAX on CPU)."""

import numpy as np


def matrix_by_matrix(function, ranks):
    """A function of matrices (and vectors) applied over leading batch axes.

    Args:
        function: takes and returns single arrays (returns a tuple of them).
        ranks: the rank of each argument without its batch axes.

    Returns:
        A function of batched arrays that returns a list of batched arrays.
    """

    def call(*arrays):
        batch = arrays[0].shape[: arrays[0].ndim - ranks[0]]
        if not batch:
            return list(function(*arrays))
        flat = [x.reshape(-1, *x.shape[len(batch) :]) for x in arrays]
        results = [function(*items) for items in zip(*flat)]
        return [np.stack(parts).reshape(*batch, *np.shape(parts[0])) for parts in zip(*results)]

    return call


def _adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def _cholesky(inputs, params, avals, wide):
    x = inputs[0]
    if params.get("symmetrize_input"):
        x = (x + _adjoint(x)) / 2

    def factor(matrix):
        try:
            return (np.linalg.cholesky(matrix),)
        except np.linalg.LinAlgError:
            return (np.full_like(matrix, np.nan),)

    return matrix_by_matrix(factor, (2,))(x)


def _cholesky_update(inputs, params, avals, wide):
    def update(upper, w):
        return (_adjoint(np.linalg.cholesky(_adjoint(upper) @ upper + np.outer(w, np.conj(w)))),)

    return matrix_by_matrix(update, (2, 1))(*inputs)


def _triangular_solve(inputs, params, avals, wide):
    from scipy.linalg import solve_triangular

    lower, unit = params["lower"], params["unit_diagonal"]
    conjugate, transpose = params["conjugate_a"], params["transpose_a"]

    def solve(a, b):
        a = np.conj(a) if conjugate else a
        a, below = (a.T, not lower) if transpose else (a, lower)
        if not unit and (np.diagonal(a) == 0).any():
            return (_substitute(a, b, below, params["left_side"]),)
        if params["left_side"]:
            return (solve_triangular(a, b, lower=below, unit_diagonal=unit, check_finite=False),)
        return (solve_triangular(a.T, b.T, lower=not below, unit_diagonal=unit, check_finite=False).T,)

    return matrix_by_matrix(solve, (2, 2))(*inputs)


def _substitute(a, b, lower, left_side):
    """Substitution row by row, dividing by zero where SciPy would raise."""
    if not left_side:
        return _substitute(a.T, b.T, not lower, True).T
    result, size = np.zeros_like(b), len(a)
    for row in range(size) if lower else reversed(range(size)):
        known = slice(0, row) if lower else slice(row + 1, size)
        result[row] = (b[row] - a[row, known] @ result[known]) / a[row, row]
    return result


def _eigh(inputs, params, avals, wide):
    x, triangle = inputs[0], "L" if params["lower"] else "U"
    values, vectors = np.linalg.eigh(x, UPLO=triangle)
    if params.get("subset_by_index") is not None:
        start, end = params["subset_by_index"]
        values, vectors = values[..., start:end], vectors[..., start:end]
    return [vectors, values]


def _eig(inputs, params, avals, wide):
    from scipy.linalg import eig

    left, right = params["compute_left_eigenvectors"], params["compute_right_eigenvectors"]

    def factor(matrix):
        found = eig(matrix, left=left, right=right)
        return found if left or right else (found,)

    return matrix_by_matrix(factor, (2,))(inputs[0])


def _qr(inputs, params, avals, wide):
    from scipy.linalg import qr

    mode = "full" if params["full_matrices"] else "economic"
    pivoting = params.get("pivoting", False)
    return matrix_by_matrix(lambda matrix: qr(matrix, mode=mode, pivoting=pivoting, check_finite=False), (2,))(
        inputs[0]
    )


def _svd(inputs, params, avals, wide):
    x = inputs[0]
    if not params["compute_uv"]:
        found = [np.linalg.svd(x, compute_uv=False)]
    else:
        left, values, right = np.linalg.svd(x, full_matrices=params["full_matrices"])
        found = [values, left, right]
    if params.get("subset_by_index") is not None:
        start, end = params["subset_by_index"]
        found[0] = found[0][..., start:end]
        if len(found) > 1:
            found[1:] = [found[1][..., start:end], found[2][..., start:end, :]]
    return found


def _permutation(pivots, size: int) -> np.ndarray:
    order = np.arange(size, dtype=np.int32)
    for row, other in enumerate(pivots):
        order[[row, other]] = order[[other, row]]
    return order


def _lu(inputs, params, avals, wide):
    from scipy.linalg.lapack import get_lapack_funcs

    def factor(matrix):
        (getrf,) = get_lapack_funcs(("getrf",), (matrix,))
        both, pivots, _ = getrf(matrix)
        return both, pivots.astype(np.int32), _permutation(pivots, len(matrix))

    return matrix_by_matrix(factor, (2,))(inputs[0])


def _lu_pivots_to_permutation(inputs, params, avals, wide):
    size = params["permutation_size"]
    return matrix_by_matrix(lambda pivots: (_permutation(pivots, size),), (1,))(inputs[0])


def _geqrf(inputs, params, avals, wide):
    from scipy.linalg import qr

    def factor(matrix):
        (packed, taus), _ = qr(matrix, mode="raw", check_finite=False)
        return packed, taus

    return matrix_by_matrix(factor, (2,))(inputs[0])


def _geqp3(inputs, params, avals, wide):
    from scipy.linalg import qr

    def factor(matrix, _):
        (packed, taus), _, order = qr(matrix, mode="raw", pivoting=True, check_finite=False)
        return packed, order.astype(np.int32) + 1, taus

    return matrix_by_matrix(factor, (2, 1))(*inputs)


def reflect(reflectors, taus, x, transpose: bool) -> np.ndarray:
    """Apply the Householder reflectors below a matrix's diagonal to the rows of `x`."""
    x = np.array(x)
    count = len(taus)
    for number in range(count) if transpose else reversed(range(count)):
        vector = np.concatenate([np.zeros(number), [1], reflectors[number + 1 :, number]]).astype(x.dtype)
        tau = np.conj(taus[number]) if transpose else taus[number]
        x -= tau * np.outer(vector, np.conj(vector) @ x)
    return x


def _householder_product(inputs, params, avals, wide):
    def multiply(a, taus):
        return (reflect(a, taus, np.eye(*a.shape, dtype=a.dtype), False),)

    return matrix_by_matrix(multiply, (2, 1))(*inputs)


def _ormqr(inputs, params, avals, wide):
    left, transpose = params["left"], params["transpose"]

    def multiply(a, taus, x):
        if left:
            return (reflect(a, taus, x, transpose),)
        return (_adjoint(reflect(a, taus, _adjoint(x), not transpose)),)

    return matrix_by_matrix(multiply, (2, 1, 2))(*inputs)


def _hessenberg(inputs, params, avals, wide):
    from scipy.linalg.lapack import get_lapack_funcs

    def factor(matrix):
        (gehrd,) = get_lapack_funcs(("gehrd",), (matrix,))
        packed, taus, _ = gehrd(matrix)
        return packed, taus

    return matrix_by_matrix(factor, (2,))(inputs[0])


def _schur(inputs, params, avals, wide):
    from scipy.linalg import schur

    vectors = params["compute_schur_vectors"]

    def factor(matrix):
        triangular, unitary = schur(matrix, output="complex" if matrix.dtype.kind == "c" else "real")
        return (triangular, unitary) if vectors else (triangular,)

    return matrix_by_matrix(factor, (2,))(inputs[0])


def _tridiagonal(inputs, params, avals, wide):
    from scipy.linalg.lapack import get_lapack_funcs

    def factor(matrix):
        name = "hetrd" if matrix.dtype.kind == "c" else "sytrd"
        (reduce,) = get_lapack_funcs((name,), (matrix,))
        return reduce(matrix, lower=params["lower"])[:4]

    return matrix_by_matrix(factor, (2,))(inputs[0])


def _tridiagonal_solve(inputs, params, avals, wide):
    def solve(below, diagonal, above, b):
        size = len(diagonal)
        matrix = np.zeros((size, size), b.dtype)
        np.fill_diagonal(matrix, diagonal)
        np.fill_diagonal(matrix[1:], below[1:])
        np.fill_diagonal(matrix[:, 1:], above[:-1])
        return (np.linalg.solve(matrix, b),)

    return matrix_by_matrix(solve, (1, 1, 1, 2))(*inputs)


def _symmetric_product(inputs, params, avals, wide):
    a, c = inputs
    return [params["alpha"] * a @ np.swapaxes(a, -1, -2) + params["beta"] * c]


RULES = {
    "cholesky": _cholesky,
    "cholesky_update": _cholesky_update,
    "eig": _eig,
    "eigh": _eigh,
    "geqp3": _geqp3,
    "geqrf": _geqrf,
    "hessenberg": _hessenberg,
    "householder_product": _householder_product,
    "lu": _lu,
    "lu_pivots_to_permutation": _lu_pivots_to_permutation,
    "ormqr": _ormqr,
    "qr": _qr,
    "schur": _schur,
    "svd": _svd,
    "symmetric_product": _symmetric_product,
    "triangular_solve": _triangular_solve,
    "tridiagonal": _tridiagonal,
    "tridiagonal_solve": _tridiagonal_solve,
}
