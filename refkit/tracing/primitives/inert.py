"""Primitives that leave values as they are, or make nothing of them."""

import numpy as np

from refkit.tracing.primitives.storage import key_shape, storage


def _same(inputs, params, avals, wide):
    return list(inputs)


def _first(inputs, params, avals, wide):
    return [inputs[0]]


def _last(inputs, params, avals, wide):
    return [inputs[-1]]


def _nothing(inputs, params, avals, wide):
    return []


def _zeros(inputs, params, avals, wide):
    return [np.zeros(aval.shape + key_shape(aval), storage(aval.dtype, wide)[0]) for aval in avals]


def _platform_index(inputs, params, avals, wide):
    for number, platforms in enumerate(params["platforms"]):
        if platforms is None or "cpu" in platforms:
            return [np.asarray(number, np.int32)]
    raise NotImplementedError("the program has no branch for the platform `cpu`; add a default one")


RULES = {
    **dict.fromkeys(("check", "dce_sink", "debug_callback", "debug_print", "shape_assertion"), _nothing),
    **dict.fromkeys(("create_linear", "empty", "empty2", "zeros_like"), _zeros),
    **dict.fromkeys(
        (
            "copy",
            "copy_p",
            "device_put",
            "layout_constraint",
            "name",
            "optimization_barrier",
            "pin",
            "pvary",
            "reduced_vary_cast_p",
            "reshard",
            "sharding_constraint",
            "stop_gradient",
            "unpin",
            "vary_unreduced_cast_p",
            "with_memory_space_constraint",
        ),
        _same,
    ),
    "pbroadcast": _first,
    "platform_index": _platform_index,
    "tie": _last,
}
