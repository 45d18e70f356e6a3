"""By how many inputs or outputs a kernel's initial values are scaled, counted rightly and wrongly."""

import dataclasses
import itertools

import numpy as np

from refkit.diagnosis.starts.spread import Spread

GAINS = {"he": 2.0, "unit": 1.0, "torch": 1 / 3}
SLACK = 1e-3  # relative, on the deviation, for what is right
CLOSE = 2e-4  # for what is wrong


@dataclasses.dataclass(frozen=True)
class Fans:
    """Counts to divide a gain by.

    Args:
        right: by name: `in`, `out`, `avg`.
        wrong: by a few words on what was counted.
        inputs: how many values one unit adds up.
        over_gates: averages of inputs and all four gates' outputs, by which libraries scale a kernel that holds all gates.
    """

    right: tuple[tuple[str, float], ...]
    wrong: tuple[tuple[str, float], ...]
    inputs: float
    over_gates: tuple[float, ...] = ()


def plain_fans(inputs: float, outputs: float) -> list[tuple[str, float]]:
    return [("in", inputs), ("avg", (inputs + outputs) / 2), ("out", outputs)]


def dense_fans(shape: tuple[int, ...], yours: tuple[int, ...]) -> Fans:
    """Of a kernel `[in, out]`.

    Args:
        yours: the shape of yours: `[height, width, channels, out]` where it takes what is not flattened.
    """
    right = plain_fans(*shape)
    wide = tuple(size for size in yours if size > 1)
    wrong = misread(wide) if len(wide) > 2 else []
    return Fans(tuple(right), distinct(wrong, right), shape[0])


def misread(shape: tuple[int, ...]) -> list[tuple[str, float]]:
    """The fans that come of taking any axes for in and out, and the others for a window or for nothing."""
    whole = float(np.prod(shape))
    found = []
    for first, second in itertools.permutations(shape, 2):
        rest = whole / first / second
        found += [fan for _, fan in plain_fans(rest * first, rest * second)]
    for count in range(1, len(shape)):
        found += [float(np.prod(axes)) for axes in itertools.combinations(shape, count)]
    return [("other axes than in and out", fan) for fan in found]


def convolution_fans(shape: tuple[int, ...], matrix: bool, picture: tuple[int, int] | None = None) -> Fans:
    """Of a kernel `[height, width, in, out]`.

    Args:
        picture: height and width of what it goes over, if known.
        matrix: whether yours is the matrix of the patches, whose own rows and columns are right, too.
    """
    height, width, into, out = shape
    window = height * width
    right = plain_fans(window * into, window * out)
    if matrix:
        right += plain_fans(window * into, out)
    wrong = [("the channels without the window", fan) for _, fan in plain_fans(into, out)]
    wrong += [("one side of the window", side) for side in (height, width)] + [("the window alone", window)]
    wrong += [("the window on one side alone", (window * into + out) / 2)]
    wrong += misread(shape)
    if picture is not None:
        area = picture[0] * picture[1]
        wrong += [("the whole picture for the window", fan) for _, fan in plain_fans(area * into, area * out)]
    return Fans(tuple(right), distinct(wrong, right), window * into)


def recurrent_fans(shape: tuple[int, ...], joined: int, fused: tuple[int, ...]) -> Fans:
    """Of one gate's kernel `[in, hidden]`.

    Args:
        joined: rows of yours that holds the kernels on input and state in one, else 0.
        fused: shape of yours that holds all gates, else empty.
    """
    into, hidden = shape
    right = plain_fans(into, hidden)
    if joined:
        right += plain_fans(joined, hidden)
    over_gates = tuple((rows + 4 * hidden) / 2 for rows in {into, joined or into}) if fused else ()
    wrong = []
    for rows in {into, joined or into}:
        for inputs, outputs in ((rows, 4 * hidden), (4 * rows, hidden), (4 * rows, 4 * hidden)):
            wrong += [("all four gates", fan) for _, fan in plain_fans(inputs, outputs)]
    wrong += [("all four gates", fan) for _, fan in misread(tuple(size for size in fused if size > 1))]
    known = [*right, *(("avg", fan) for fan in over_gates)]
    return Fans(tuple(right), distinct(wrong, known), into, over_gates)


def distinct(wrong: list[tuple[str, float]], right: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    known, found = {fan for _, fan in right}, []
    for words, fan in wrong:
        if fan not in known:
            known.add(fan)
            found.append((words, fan))
    return tuple(found)


def variances(spread: Spread) -> list[float]:
    """Its variance; of a truncated one also that before truncation, which people scale as often."""
    found = [spread.deviation**2]
    return [*found, spread.scale**2] if spread.kind == "truncated-normal" else found


def slack(spread: Spread, exact: float, errors: float) -> float:
    """How far apart two deviations may be, relatively."""
    return exact if spread.exact else max(exact, errors * spread.error)


def fits(spread: Spread, gain: float, fan: float, tolerance: float) -> bool:
    return any(abs(np.sqrt(variance * fan / gain) - 1) < tolerance for variance in variances(spread))


def family_names(spread: Spread, fans: Fans) -> list[str]:
    """The families whose rule gives just this deviation at this shape, the best known first."""
    if spread.center or spread.kind in ("constant", "orthogonal"):
        return []
    shape = "uniform" if spread.kind == "uniform" else "normal"
    tolerance = slack(spread, SLACK, 4)
    found = []
    for gain, (mode, fan) in itertools.product(GAINS, fans.right):
        if fits(spread, GAINS[gain], fan, tolerance):
            found.append(family_name(gain, mode, shape))
    return sorted(set(filter(None, found)), key=lambda name: (name.count("-"), name))


def is_glorot_over_gates(spread: Spread, fans: Fans) -> bool:
    """Whether a kernel that holds all four gates is drawn as one layer's, as Keras does."""
    return any(fits(spread, GAINS["unit"], fan, slack(spread, SLACK, 4)) for fan in fans.over_gates)


def family_name(gain: str, mode: str, shape: str) -> str | None:
    if gain == "torch":
        return None if shape != "uniform" else "torch" if mode == "in" else f"torch-fan-{mode}"
    if gain == "unit":
        return {"in": f"lecun-{shape}", "avg": f"glorot-{shape}", "out": f"lecun-{shape}-fan-out"}[mode]
    return f"he-{shape}" if mode == "in" else f"he-{shape}-fan-{mode}"


def wrong_fan(spread: Spread, fans: Fans) -> tuple[str, float] | None:
    """What was counted instead, and how many, where only a wrong count gives this deviation."""
    if spread.center or spread.kind in ("constant", "orthogonal") or (not spread.exact and spread.error > 0.03):
        return None
    for gain, (words, fan) in itertools.product(GAINS.values(), fans.wrong):
        if gain == GAINS["torch"] and spread.kind != "uniform":
            continue
        if fits(spread, gain, fan, slack(spread, CLOSE, 2)):
            return words, fan
    return None
