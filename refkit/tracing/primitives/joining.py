"""Arrays put together and taken apart along an axis."""

import numpy as np


def _concatenate(inputs, params, avals, wide):
    return [np.concatenate(inputs, params["dimension"])]


def _split(inputs, params, avals, wide):
    x, axis, parts, start = inputs[0], params["axis"], [], 0
    before = (slice(None),) * axis
    for size in params["sizes"]:
        parts.append(x[(*before, slice(start, start + size))])
        start += size
    return parts


def _stack(inputs, params, avals, wide):
    return [np.stack(inputs, params["axis"])]


def _unstack(inputs, params, avals, wide):
    x, before = inputs[0], (slice(None),) * params["axis"]
    return [x[(*before, number)] for number in range(x.shape[params["axis"]])]


RULES = {"concatenate": _concatenate, "split": _split, "stack": _stack, "unstack": _unstack}
