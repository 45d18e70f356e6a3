"""Convolution in full generality, as a product of patches and kernels."""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from refkit.tracing.primitives.padding import pad

PATCH_ELEMENTS = 1 << 24  # patches are written out this many elements at a time


def patches(x: np.ndarray, kernel, out, strides, dilation) -> np.ndarray:
    """A view of `x` as patches.

    Args:
        x: `[batch, *space, features]`, already padded.
        kernel: the kernel's extent on each spatial axis.
        out: how many patches there are on each spatial axis.
        strides: how far apart patches are.
        dilation: how far apart elements of a patch are.

    Returns:
        `[batch, *out, *kernel, features]`.
    """
    first, *space, last = x.strides
    steps = [step * stride for step, stride in zip(space, strides)]
    inner = [step * apart for step, apart in zip(space, dilation)]
    shape = (x.shape[0], *out, *kernel, x.shape[-1])
    return as_strided(x, shape, (first, *steps, *inner, last), writeable=False)


def convolve(x, kernel, out, strides, dilation, feature_groups: int, batch_groups: int) -> np.ndarray:
    """Cross-correlation of a padded input and a kernel.

    Args:
        x: `[batch, *space, features]`.
        kernel: `[*space, features / feature_groups, out_features]`.
        out, strides, dilation: as for `patches`.
        feature_groups: how many groups the features of both fall into.
        batch_groups: how many groups the batch and the outgoing features fall into.

    Returns:
        `[batch / batch_groups, *out, out_features]`.
    """
    extent, (depth, outgoing) = kernel.shape[:-2], kernel.shape[-2:]
    view = patches(x, extent, out, strides, dilation)
    rows, window = x.shape[0] * prod(out), prod(extent)
    if feature_groups == 1 and batch_groups == 1:
        matrix = kernel.reshape(window * depth, outgoing)
        count = max(1, PATCH_ELEMENTS // max(1, prod(out) * window * depth))
        if count >= x.shape[0]:
            return (view.reshape(rows, window * depth) @ matrix).reshape(x.shape[0], *out, outgoing)
        pieces = [view[start : start + count] for start in range(0, x.shape[0], count)]
        products = [piece.reshape(-1, window * depth) @ matrix for piece in pieces]
        return np.concatenate(products).reshape(x.shape[0], *out, outgoing)
    if feature_groups > 1:
        wide = view.reshape(rows, window, feature_groups, depth).transpose(2, 0, 1, 3)
        wide = wide.reshape(feature_groups, rows, window * depth)
        matrix = kernel.reshape(window * depth, feature_groups, outgoing // feature_groups).transpose(1, 0, 2)
        return np.matmul(wide, matrix).transpose(1, 0, 2).reshape(x.shape[0], *out, outgoing)
    wide = view.reshape(batch_groups, rows // batch_groups, window * depth)
    matrix = kernel.reshape(window * depth, batch_groups, outgoing // batch_groups).transpose(1, 0, 2)
    return np.matmul(wide, matrix).transpose(1, 0, 2).reshape(x.shape[0] // batch_groups, *out, outgoing)


def _convolution(inputs, params, avals, wide):
    x, kernel = inputs
    aval, numbers = avals[0], params["dimension_numbers"]
    if aval.dtype.kind in "iu":
        x, kernel = x.astype(aval.dtype), kernel.astype(aval.dtype)
    batch, feature, *space = numbers.lhs_spec
    x = x.transpose(batch, *space, feature)
    outgoing, depth, *extent = numbers.rhs_spec
    kernel = kernel.transpose(*extent, depth, outgoing)
    config = [(low, high, gap - 1) for (low, high), gap in zip(params["padding"], params["lhs_dilation"])]
    if any(amount for triple in config for amount in triple):
        x = pad(x, 0, [(0, 0, 0), *config, (0, 0, 0)])
    out_batch, out_feature, *out_space = numbers.out_spec
    out = [aval.shape[axis] for axis in out_space]
    if 0 in aval.shape or 0 in x.shape or 0 in kernel.shape:
        return [np.zeros(aval.shape, x.dtype)]
    groups = params["feature_group_count"], params["batch_group_count"]
    result = convolve(x, kernel, out, params["window_strides"], params["rhs_dilation"], *groups)
    order = [0] * result.ndim
    for place, axis in enumerate((out_batch, *out_space, out_feature)):
        order[axis] = place
    return [result.transpose(order)]


RULES = {"conv_general_dilated": _convolution}
