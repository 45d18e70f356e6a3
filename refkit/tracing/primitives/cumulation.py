"""Running sums, products and extremes."""

import numpy as np


def _running(ufunc):
    def rule(inputs, params, avals, wide):
        x, axis = inputs[0], params["axis"]
        if params["reverse"]:
            return [np.flip(ufunc.accumulate(np.flip(x, axis), axis=axis, dtype=x.dtype), axis)]
        return [ufunc.accumulate(x, axis=axis, dtype=x.dtype)]

    return rule


RULES = {
    "cumlogsumexp": _running(np.logaddexp),
    "cummax": _running(np.maximum),
    "cummin": _running(np.minimum),
    "cumprod": _running(np.multiply),
    "cumsum": _running(np.add),
}
