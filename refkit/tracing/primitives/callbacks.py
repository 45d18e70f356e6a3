"""Python functions called from inside a program."""

import numpy as np


def _callback(inputs, params, avals, wide):
    """Call the function on what it would have been given: float32 for the floats of a program traced in it."""
    given = [x.astype(np.float32) if wide and x.dtype == np.float64 else x for x in inputs]
    return [np.asarray(value) for value in params["callback"](*given)]


RULES = {"io_callback": _callback, "pure_callback": _callback}
