"""What can be searched of a reference, and the search space that the guide starts with."""

import difflib
from typing import Any

from refkit.edits.catalogue import choices_for, find_choice
from refkit.errors import RefkitError
from refkit.experiments.protocol import Protocol
from refkit.subjects.shared_learner import SCHEDULES
from refkit.tuning.spaces import Dimension, Range, Space, Values, shown

OWN_PENALTY = 0.0
# Options that say what the data are, or that change what is measured: not to be searched.
OF_THE_DATA = (
    "features",
    "outputs",
    "output-size",
    "classes",
    "image",
    "vocabulary",
    "scaling",
    "output",
    "lengths",
    "time",
)
# Sizes are few: trials of equal shape share one compilation.
SIZES, DEPTHS, BATCHES = (32, 64, 128, 256), (1, 2, 3), (16, 32, 64, 128)
COMMON = {
    "learning_rate": Range(1e-5, 1e-1, log=True),
    "schedule": Values(("constant", "cosine", "warmup-cosine")),
}
LATER = {
    "penalty": Values((0.0, 1e-5, 1e-4, 1e-3)),
    "batch_size": Values(BATCHES),
}
BY_REFERENCE: dict[str, Space] = {
    "mlp": {
        "units": Values(SIZES),
        "depth": Values(DEPTHS),
        "initialization": Values(("he-normal", "glorot-uniform", "lecun-normal")),
        "activation": Values(("relu", "tanh", "gelu")),
    },
    "lenet": {
        "channels": Values(("6-16", "12-32")),
        "dense": Values(("84", "120-84", "256-128")),
        "kernel": Values((3, 5)),
        "pool": Values(("avg", "max")),
        "initialization": Values(("he-normal", "glorot-uniform", "lecun-normal")),
        "activation": Values(("relu", "tanh", "gelu")),
    },
    "lstm": {
        "hidden": Values((64, 128, 256)),
        "initialization": Values(("glorot-uniform", "lecun-normal", "orthogonal")),
        "forget-bias": Values((0, 1)),
    },
    "multimodal": {
        "hidden": Values((32, 64, 128)),
        "embedding": Values((16, 32, 64)),
        "dense": Values(("64", "128", "256", "128-128")),
        "initialization": Values(("he-normal", "glorot-uniform", "lecun-normal")),
        "activation": Values(("relu", "tanh", "gelu")),
    },
}


def default_space(protocol: Protocol) -> Space:
    """The guide's hyper-parameters as far as the reference has them, with the experiment's own values among theirs."""
    space = COMMON | BY_REFERENCE[protocol.reference] | LATER
    taken = {name for name, _ in protocol.options}
    space = {name: dimension for name, dimension in space.items() if name not in taken}
    return {name: with_own(dimension, own_value(protocol, name)) for name, dimension in space.items()}


def with_own(dimension: Dimension, own: Any) -> Dimension:
    """The dimension with the experiment's value in it."""
    if isinstance(dimension, Range) or own is None or str(own) in map(str, dimension.values):
        return dimension
    values = (*dimension.values, own)
    return Values(tuple(sorted(values)) if all(isinstance(value, int | float) for value in values) else values)


def own_value(protocol: Protocol, name: str) -> Any:
    """What the experiment has for a hyper-parameter: of its options, its config, or the reference's own defaults.

    None where it cannot be said in the search's terms.
    """
    options, fields = dict(protocol.options), dict(protocol.config)
    match name:
        case "schedule":
            return "constant"
        case "penalty":
            return OWN_PENALTY
        case "units" | "depth":
            widths = fields.get("hidden", (64,))
            return (widths[0] if name == "units" else len(widths)) if len(set(widths)) == 1 else None
        case "learning_rate" | "batch_size":
            return fields.get(name, defaults(protocol)[name])
    field = fields.get(name.replace("-", "_"))
    if field is not None and not callable(field):
        return "-".join(map(str, field)) if isinstance(field, tuple) else field
    if name in options:
        return options[name]
    first = find_choice(protocol.reference, name).values[0]
    return int(first) if first.isdigit() else first


def defaults(protocol: Protocol) -> dict[str, Any]:
    """The reference's own `Config()` at the experiment's options."""
    from refkit.subjects.learner import module_of

    return vars(module_of(protocol.reference, protocol.source).Config())


def settable(reference: str) -> tuple[str, ...]:
    """Names of all hyper-parameters that a reference has."""
    options = [choice.option for choice in choices_for(reference) if choice.option not in (*OF_THE_DATA, "penalty")]
    shape = ("units", "depth") if reference == "mlp" else ()
    return (*COMMON, *shape, *LATER, *options)


def require_settable(reference: str, name: str) -> None:
    """Raises:
    RefkitError: the reference has no such hyper-parameter.
    """
    known = settable(reference)
    if name in known:
        return
    if name in OF_THE_DATA:
        raise RefkitError(f"`{name}` of `{reference}` follows from the data: leave it out of the search")
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = {"lr": "learning_rate", "optimizer": None}.get(name, near[0] if near else None)
    raise RefkitError(
        f"`{reference}` has no hyper-parameter `{name}`"
        + (f": did you mean `{guess}`?" if guess else "")
        + f"; it has {', '.join(f'`{one}`' for one in known)}"
    )


def require_values(reference: str, space: Space) -> None:
    """Whether the reference takes every value, at both ends of each range.

    Raises:
        RefkitError: one of them is none that it can have.
    """
    for name, dimension in space.items():
        require_settable(reference, name)
        ends = (dimension.low, dimension.high) if isinstance(dimension, Range) else dimension.values
        for value in ends:
            require_value(reference, name, value)
    if "hidden" in space and reference == "mlp" and {"units", "depth"} & set(space):
        raise RefkitError("`hidden` says what `units` and `depth` say: search either the one or the others")


def require_value(reference: str, name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "learning_rate" if not (number and value > 0):
            wanted = "a number above 0"
        case "batch_size" | "units" if not (number and value == int(value) and value >= 1):
            wanted = "a whole number from 1"
        case "depth" if not (number and value == int(value) and 1 <= value <= 5):
            wanted = "a whole number from 1 to 5"
        case "penalty" if not (number and 0 <= value <= 1):
            wanted = "a number from 0 to 1"
        case "schedule" if value not in SCHEDULES:
            wanted = f"one of {', '.join(f'`{known}`' for known in SCHEDULES)}"
        case "learning_rate" | "batch_size" | "units" | "depth" | "penalty" | "schedule":
            return
        case _:
            find_choice(reference, name).edit(option_text(value))
            return
    raise RefkitError(f"`{name}` of `{reference}` was given `{shown(value)}`: give {wanted}")


def option_text(value: Any) -> str:
    """A value as the reference's options are written: `0.5`, `64`, `true`."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
