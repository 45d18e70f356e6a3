"""What is said of the data: sizes, lengths, missing values, imbalance, scale."""

import numpy as np

from refkit.starting.kinds import CATEGORY, IDS, LENGTHS, NUMBERS, PICTURE, SEQUENCE, TEXT
from refkit.starting.plan import Plan
from refkit.starting.words import MOST_STEPS, split_words

MOST_SAID = 6
IMBALANCED = 3  # times as many examples in the largest class as in the smallest


def lines(plan: Plan) -> list[tuple[str, str]]:
    """Pairs of a word and what is said under it."""
    source = plan.source
    count = " and ".join(f"{count:,}{'' if part == 'all' else f' {part}'}" for part, count in source.count.items())
    looked_at = min(len(source.train[name]) for name in source.train)
    first = f"{count} examples, {source.what}" + (f"; {source.sides}" if source.sides else "")
    known = source.count["train" if source.split else "all"]
    if looked_at < known and not any(kind.what == LENGTHS for kind in plan.kinds.values()):
        first += f"; looked at {looked_at:,} of them"
    found = [("data", first), ("target", target(plan)), ("inputs", said_inputs(plan))]
    optional = (("lengths", lengths(plan)), ("missing", missing(plan)), ("imbalance", imbalance(plan)))
    found += [(word, said) for word, said in (*optional, ("scale", scale(plan)), ("left out", left_out(plan))) if said]
    return found


def target(plan: Plan) -> str:
    goal = plan.target
    how = f" ({goal.how})" if goal.how else ""
    if goal.classes is None:
        values = plan.source.train[goal.name]
        what = "a number" if goal.outputs == 1 else f"{goal.outputs} numbers"
        return f"`{goal.name}`{how}: {what}, {np.nanmin(values):.4g} to {np.nanmax(values):.4g}"
    ordered = sorted(goal.classes.items(), key=lambda item: -item[1])
    said = ", ".join(f"{name} {count:,}" for name, count in ordered[:MOST_SAID]) + more(len(ordered))
    return f"`{goal.name}`{how}: {goal.outputs} classes: {said}"


def said_inputs(plan: Plan) -> str:
    said = []
    tables = plan.of(NUMBERS)
    for name in plan.of(PICTURE):
        said.append(f"`{name}`: pictures of {'×'.join(plan.options['image'].split('x'))}")
    for name in plan.of(SEQUENCE):
        said.append(
            f"`{name}`: sequences of {plan.steps} steps at most, {numbers(int(plan.options['features']))} a step"
        )
    for name in plan.of(IDS):
        size = plan.options.get("vocabulary") or plan.options["embedding"].partition("x")[0]
        said.append(f"`{name}`: sequences of {size} ids, {plan.steps} steps at most")
    for name in plan.of(TEXT):
        said.append(f"`{name}`: texts")
    if tables:
        width = sum(plan.source.train[name].shape[1] if plan.source.train[name].ndim > 1 else 1 for name in tables)
        said.append(f"{numbers(width)} ({named(tables)})")
    kinds = [f"`{name}` {len(plan.kinds[name].kinds)}" for name in plan.of(CATEGORY)]
    if kinds:
        said.append(f"categories by their kinds: {', '.join(kinds[:MOST_SAID])}{more(len(kinds))}")
    return "; ".join(said)


def lengths(plan: Plan) -> str:
    """Of the sequences, where they differ."""
    name = next(iter(plan.of(SEQUENCE, IDS, TEXT)), None)
    if name is None or (not plan.lengths and not plan.of(TEXT)):
        return ""
    values = plan.source.values(name)
    if plan.kind(name) == TEXT:
        found = np.array([len(split_words(text)) for text in values])
        cut = f", the first {MOST_STEPS} are read" if found.max() > MOST_STEPS else ""
        return f"{found.min()} to {found.max()} words, median {np.median(found):g}{cut}; padded with 0"
    if plan.lengths == "ids":
        found, how = (values != 0).sum(axis=1), "0 is padding"
    elif plan.lengths == "nan":
        found = np.isfinite(values).reshape(len(values), plan.steps, -1).any(axis=2).sum(axis=1)
        how = "nan is padding"
    else:
        found, how = plan.source.values(plan.lengths), f"as `{plan.lengths}` says"
    return f"{found.min()} to {found.max()} steps, median {np.median(found):g}; {how}, and the state at the last step counts"


def missing(plan: Plan) -> str:
    """Cells without a value, by column."""
    counts = {name: missing_in(plan, name) for name in plan.inputs}
    counts = {name: count for name, count in counts.items() if count and not (plan.lengths == "nan")}
    said = []
    if counts:
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        listed = ", ".join(f"`{name}` {count:,}" for name, count in ordered[:MOST_SAID]) + more(len(ordered))
        gaps = any(plan.kind(name) != CATEGORY for name in counts)
        kinds = any(plan.kind(name) == CATEGORY for name in counts)
        how = ["a number's mean over the training examples stands in"] if gaps else []
        how += ["a category has no kind then"] if kinds else []
        said.append(f"{sum(counts.values()):,} cells ({listed}): {', '.join(how)}")
    if plan.target.missing:
        said.append(f"{plan.target.missing:,} examples have no `{plan.target.name}` and are left out")
    return "; ".join(said)


def missing_in(plan: Plan, name: str) -> int:
    values = plan.source.values(name)
    if values.dtype.kind == "f":
        return int(np.isnan(values).sum())
    return int(sum(value is None for value in values)) if values.dtype == object else 0


def imbalance(plan: Plan) -> str:
    if plan.target.classes is None:
        return ""
    counts = sorted(plan.target.classes.values())
    share = (
        f"the largest class is {100 * counts[-1] / sum(counts):.0f} % of the examples: an accuracy below is worthless"
    )
    rare = [name for name, count in plan.target.classes.items() if count < 10]
    if rare:
        return f"{share}; {named(rare)} {'has' if len(rare) == 1 else 'have'} fewer than 10 examples"
    return share if counts[-1] >= IMBALANCED * counts[0] else ""


def scale(plan: Plan) -> str:
    """Ranges of the inputs, and what the written file does about them."""
    name = plan.inputs[0]
    if plan.of(PICTURE):
        values = plan.source.train[name]
        low, high = float(values.min()), float(values.max())
        how = "divided by 255" if 64 <= high <= 255 and low >= 0 else "taken to [0, 1] by the training pictures' range"
        return f"pixels {low:g} to {high:g}, {'as they are' if low >= 0 and high <= 1 else how}"
    columns = plan.of(NUMBERS, SEQUENCE)
    if not columns:
        return ""
    ranges = [(np.nanmin(values), np.nanmax(values)) for values in (real(plan, name) for name in columns)]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    how = "standardised by the training examples' mean and deviation"
    if plan.target.regression:
        how += ", and so are the targets"
    return f"{low:.4g} to {high:.4g}; {how}"


def real(plan: Plan, name: str) -> np.ndarray:
    """A column's numbers without the steps behind a sequence's end."""
    values = plan.source.train[name]
    if plan.lengths not in plan.source.train or plan.flat(name):
        return values
    return values[np.arange(values.shape[1]) < plan.source.train[plan.lengths][:, None]]


def left_out(plan: Plan) -> str:
    said = [f"`{name}`: {why}" for name, why in plan.left_out.items()]
    return "; ".join(said[:MOST_SAID]) + more(len(said))


def numbers(count: int) -> str:
    return f"{count} number{'s' if count > 1 else ''}"


def named(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:MOST_SAID]) + more(len(names))


def more(count: int) -> str:
    return f" and {count - MOST_SAID} more" if count > MOST_SAID else ""
