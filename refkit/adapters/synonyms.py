"""Names that people give to sizes, and the reference's size that each stands for."""

import math
import re
from collections.abc import Callable
from typing import Any

Sizes = dict[str, Any]
FEW_CLASSES = 3  # for a classifier beside a reference that has one output
DEFAULTS: Sizes = {"vocabulary": 16, "embedding": 32, "time": 20}  # where the reference has no such size


def first(value: Any) -> Any:
    return value[0] if isinstance(value, (tuple, list)) else value


def wide(value: Any) -> tuple:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def inputs(sizes: Sizes) -> list:
    """Features of one example, of one step, or channels of a picture."""
    found = [sizes[name] for name in ("features",) if name in sizes]
    if "image" in sizes:
        found += [math.prod(sizes["image"]), sizes["image"][-1]]
    return found + [sizes[name] for name in ("embedding",) if name in sizes]


def image_channels(sizes: Sizes) -> list:
    return [sizes["image"][-1]] if "image" in sizes else inputs(sizes)


def outputs(sizes: Sizes) -> list:
    """Classes or targets."""
    return [sizes[name] for name in ("outputs", "classes") if name in sizes]


def hidden(sizes: Sizes) -> list:
    return [first(sizes[name]) for name in ("hidden", "dense", "channels") if name in sizes]


def hidden_widths(sizes: Sizes) -> list:
    return [wide(sizes[name]) for name in ("hidden", "dense") if name in sizes]


def dense(sizes: Sizes) -> list:
    return [first(sizes[name]) for name in ("dense", "hidden") if name in sizes]


def dense_widths(sizes: Sizes) -> list:
    return [wide(sizes[name]) for name in ("dense", "hidden") if name in sizes]


def layers(sizes: Sizes) -> list:
    """Widths of all layers: with the input, without it, and the hidden ones alone."""
    middle, last, before = hidden_widths(sizes)[:1], outputs(sizes)[:1], inputs(sizes)[:1]
    if not middle or not last:
        return middle
    after = (*middle[0], *last)
    return ([(*before, *after)] if before else []) + [after, middle[0]]


def input_shapes(sizes: Sizes) -> list:
    """Of one example, and with a place for the batch before it."""
    if "image" in sizes:
        shape = wide(sizes["image"])
    elif "features" in sizes:
        shape = tuple(size for size in (sizes.get("time"), sizes["features"]) if size)
    else:
        return []
    return [(-1, *shape), shape] if sizes.get("framework") == "jax" else [shape, (-1, *shape)]


def channels(sizes: Sizes) -> list:
    return [first(sizes["channels"])] if "channels" in sizes else []


def channel_widths(sizes: Sizes) -> list:
    return [wide(sizes["channels"])] if "channels" in sizes else []


def pick(name: str, *path: int) -> Callable[[Sizes], list]:
    """A size of the reference by its name; an entry of it, where it is a tuple."""

    def of(sizes: Sizes) -> list:
        value = sizes.get(name)
        for index in path:
            if not isinstance(value, (tuple, list)) or not -len(value) <= index < len(value):
                return []
            value = value[index]
        return [] if value is None else [value]

    return of


def constant(*values: Any) -> Callable[[Sizes], list]:
    return lambda sizes: list(values)


INTEGERS: tuple[tuple[str, Callable[[Sizes], list]], ...] = (
    (
        r"(n_?|num_?|d_?|dim_?|size_?)?(vocab|vocabulary|tokens|words|token|embeddings)(_?(size|dim|len|length))?|v|n_?vocab"
        r"|num_embeddings|alphabet(_size)?",
        pick("vocabulary"),
    ),
    (
        r"(d_?|n_?|dim_?)?(emb|embd|embed|embedding|embeddings|word|token)_?(dim|size|features|dims|width|d|dimensions?)?|e|embedding_features",
        pick("embedding"),
    ),
    (
        r"(in|input|img|image|n|num|n_in|num_in|c)_?(channels?|ch)(_in)?|channels_in|cin|c_in|in_c|channels?|n_channels|num_channels",
        image_channels,
    ),
    (
        r"(n_?|num_?|d_?)?(out|outputs?|output|classes|class|labels|answers|targets?|logits|y|actions|tags)"
        r"(_?(dims?|size|features|units|classes|out|outputs|width))?|dout|n_?class(es)?|nclass(es)?|num_cls|k|features_out|dim_out|fout",
        outputs,
    ),
    (
        r"(d_?|n_?|num_?)?(in|inputs?|input|x|feats?|features?)(_?(dims?|size|features|feats|units|width|in))?|din|nin|dim_in|fin"
        r"|features_in|n_in|num_inputs?",
        inputs,
    ),
    (
        r"(d_?|n_?|num_?)?(lstm|rnn|hidden|hid|h|cell|state|recurrent|question|text|mid|middle)(_?(dims?|size|features|units|width|nodes|hidden|neurons))?"
        r"|dmid|nhid|dim_hidden|units|width|features|dim|hidden_?1?|hdim|hsize|n_?units|num_units|nh|model_dim|d_model|dim_h"
        r"|hidden_layer_size|neurons|n_neurons|(lstm|rnn)_hidden_?(dims?|size|features|units|width|dimensions?)|hidden_dimensions?",
        hidden,
    ),
    (
        r"(dense|fc|mlp|fusion|merge|merged|head|joint|fused|classifier|image|img)_?(dims?|size|features|units|width|hidden|hidden_dim|hidden_size)?",
        dense,
    ),
    (r"(hidden|h|dense|fc|linear|d)_?1", lambda sizes: [*pick("dense", 0)(sizes), *pick("hidden", 0)(sizes)]),
    (
        r"(hidden|h|dense|fc|linear|d)_?2",
        lambda sizes: [*pick("dense", 1)(sizes), *pick("hidden", 1)(sizes), *hidden(sizes)],
    ),
    (r"(channels?|conv|c|filters?)_?1(_?(features|channels|filters))?", pick("channels", 0)),
    (r"(channels?|conv|c|filters?)_?2(_?(features|channels|filters))?", pick("channels", 1)),
    (r"(base_)?(filters|n_filters|num_filters)", channels),
    (r"(img|image|input|picture)?_?(size|height|width|hw|side|resolution|h|w)", pick("image", 0)),
    (r"kernel(_size)?|ksize|kernel_width", pick("kernel")),
    (r"(n|num)_?(hidden_)?layers|depth|(n|num)_hidden", constant(1, 2)),
    (
        r"(t|time|seq|sequence|max|n_?steps|steps|num_steps|max_seq|maxlen|max_time|question)(_?(len|length|steps))?",
        pick("time"),
    ),
    (r"(.*_)?seed", constant(0)),
    (r"(unk|pad|eos|bos|sos|mask|unknown|padding)_?(idx|id|index|token|token_id)", constant(1)),
)

SEQUENCES: tuple[tuple[str, Callable[[Sizes], list]], ...] = (
    (
        r"(layer|layers|net|network|mlp)_?(sizes|widths|dims|features|units|dimensions)?|sizes|dims|widths|features|units|shape|architecture",
        layers,
    ),
    (r"(conv|cnn)?_?(channels|filters|features|n_filters)|conv_(dims|widths|sizes)", channel_widths),
    (r"(dense|fc|mlp|linear|head)_?(sizes|widths|dims|features|units|layers)?", dense_widths),
    (r"(n_?|num_?)?hiddens?(_?(layers?|sizes?|dims?|features|units|widths?|layer_sizes))?", hidden_widths),
    (r"(img|image|input|in|x|sample|example)_?(shape|size|dims|dim)", input_shapes),
    (
        r"kernel(_size)?|ksize|window",
        lambda sizes: [(sizes["kernel"],) * 2] if isinstance(sizes.get("kernel"), int) else [],
    ),
)

RATES = (
    r"(\w+_)?(drop|dropout|dropout_?rate|drop_?rate|p_?drop|rate|dropout_p|p|drop_prob|dropout_prob)",
    constant(0.5),
)


def candidates(name: str, sequence: bool | None, sizes: Sizes) -> list:
    """Values for a parameter of this name, most plausible first.

    Args:
        sequence: whether its annotation or name says that it is a sequence; None where neither does.
    """
    name = name.lower().strip("_")
    found: list = []
    for wanted, table in ((True, SEQUENCES), (False, INTEGERS)):
        if sequence is None or sequence is wanted:
            found += [values for pattern, values in table if re.fullmatch(pattern, name)]
    if sequence is not True and re.fullmatch(RATES[0], name):
        found.append(RATES[1])
    values: list = []
    for source in found:
        values += [value for value in source(DEFAULTS | sizes) if value not in values]
    if re.search("class|label|tag|answer|categor", name) and values == [1]:
        return [FEW_CLASSES]
    return values
