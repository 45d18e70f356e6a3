"""Kernels whose initial values are a bug: constant, far too large or small, or scaled by a wrong count."""

import dataclasses

import numpy as np

from refkit.diagnosis.starts.fans import GAINS, family_names, is_glorot_over_gates, slack, wrong_fan
from refkit.diagnosis.starts.initial import Portion
from refkit.diagnosis.starts.spread import Spread

FAR = 9.9  # the catalogue's "off by 10", with room for rounding
EMBEDDINGS = (0.02, 1.0)  # deviations that libraries and papers draw embeddings with: GPT-2's to PyTorch's
TANH = {"tanh", "hard-tanh", "lecun-tanh", "softsign"}


@dataclasses.dataclass
class Fault:
    """One bug of one cause.

    Attributes:
        id: the catalogue's.
        words: what is wrong, as said of the first kernel.
        portions: all that share it, in the order of first use.
    """

    id: str
    words: str
    portions: list[Portion]


def faulty_starts(portions: list[Portion]) -> list[Fault]:
    kernels = [portion for portion in portions if portion.weighs]
    found: dict[tuple, list[tuple[Portion, str]]] = {}
    for portion in kernels:
        judged = judge(portion, kernels)
        if judged is not None:
            id, cause, words = judged
            found.setdefault((id, cause), []).append((portion, words))
    faults = []
    for (id, _), members in found.items():
        members.sort(key=lambda member: not is_far(id, member[0]))  # what shows the fault itself comes first
        faults.append(Fault(id, members[0][1], [portion for portion, _ in members]))
    return faults


def is_far(id: str, portion: Portion) -> bool:
    """Whether a kernel by itself is too large or too small, rather than only drawn as another one is that is."""
    if portion.fans is None or not id.endswith(("too-large", "too-small")):
        return True
    return ratio(portion) >= FAR if id.endswith("large") else ratio(portion) <= 1 / FAR


def ease(portions: list[Portion], options: dict[str, str], last: str):
    """Note which kernels lead to an activation as tanh is, which takes less than He's gain for ReLU.

    Args:
        options: of the reference that is yours.
        last: name of its last layer, which leads to no activation.
    """
    named = {options.get(option, "same") for option in ("activation", "dense-activation")}
    if not named & TANH or named - TANH - {"same"}:
        return
    for portion in portions:
        families = family_names(portion.reference, portion.fans) if portion.fans is not None else []
        if (
            any(name.startswith("he-") for name in families)
            and not portion.of_cell
            and portion.path.rsplit(".", 2)[-2] != last
        ):
            portion.eased = GAINS["he"] ** 0.5


def judge(portion: Portion, kernels: list[Portion]) -> tuple[str, str, str] | None:
    """Id, cause and words of what is wrong with a kernel, or None."""
    spread, reference = portion.spread, portion.reference
    if spread.kind == "constant":
        return "initialised-to-constant", spread.words, f"{spread.center:.3g} in every element"
    if portion.role == "embedding":
        return judge_embedding(portion)
    if portion.fans is None or same(spread, reference) or family_names(spread, portion.fans):
        return None
    if is_glorot_over_gates(spread, portion.fans):
        return None
    alike = [other for other in kernels if other is portion or (other.fans is not None and same(other.spread, spread))]
    one_scale = len({other.fans.inputs for other in alike}) > 1  # whoever draws unlike layers alike counts no fan
    fan = wrong_fan(spread, portion.fans)
    if fan is not None and not (one_scale and len(alike) == sum(other.fans is not None for other in kernels)):
        if portion.fused and portion.leaf.path.endswith((".dense_i.kernel", ".dense_h.kernel")):
            return None  # Flax's own cell
        return wrongly_counted(portion, *fan)
    ratios = [ratio(other) for other in alike]
    if max(ratios) >= FAR:
        return "initialisation-too-large", cause(alike, ratios), f"{spread.words}, {against(portion, ratio(portion))}"
    if max(ratios) <= 1 / FAR:
        return "initialisation-too-small", cause(alike, ratios), f"{spread.words}, {against(portion, ratio(portion))}"
    return None


def judge_embedding(portion: Portion) -> tuple[str, str, str] | None:
    """An embedding has no fan: it is judged by what is usual."""
    deviation, (least, most) = portion.spread.deviation, EMBEDDINGS
    usual = f"embeddings are usually drawn with a deviation of {least:g} to {most:g}"
    if deviation <= least / FAR:
        return "initialisation-too-small", "embedding", f"{portion.spread.words}, where {usual}"
    if deviation >= most * FAR:
        return "initialisation-too-large", "embedding", f"{portion.spread.words}, where {usual}"
    return None


def wrongly_counted(portion: Portion, words: str, fan: float) -> tuple[str, str, str]:
    right = dict(reversed(portion.fans.right))
    apart = portion.spread.deviation / portion.reference.deviation
    counted = f"the fan counts {words} ({fan:g}) where {right['in']:g} go in and {right['out']:g} out"
    return "initialisation-wrong-fan", words, f"{portion.spread.words}, {apart:.2g} times the reference's: {counted}"


def same(first: Spread, second: Spread) -> bool:
    """Whether two are spread alike, the ends of the bell apart."""
    if "constant" in (first.kind, second.kind):
        return first.kind == second.kind and np.isclose(first.center, second.center, atol=1e-6)
    flat = [spread.kind == "uniform" for spread in (first, second)]
    if flat[0] != flat[1] and first.exact and second.exact:
        return False
    if bool(first.center) != bool(second.center) or (first.kind == "orthogonal") != (second.kind == "orthogonal"):
        return False
    tolerance = max(slack(first, 1e-3, 3), slack(second, 1e-3, 3))
    return abs(first.deviation / second.deviation - 1) < tolerance


def ratio(portion: Portion) -> float:
    """How many times as large a unit's sum begins as it should; a mean adds up with the inputs."""
    usual = effect(portion.reference, portion.fans.inputs) / portion.eased
    return effect(portion.spread, portion.fans.inputs) / usual


def effect(spread: Spread, inputs: float) -> float:
    return float(np.sqrt(spread.deviation**2 + inputs * spread.center**2))


def cause(alike: list[Portion], ratios: list[float]) -> str:
    """What kernels must share to be one bug: the same scale, or the same factor."""
    if len({portion.fans.inputs for portion in alike}) > 1:
        return alike[0].spread.words
    return f"{ratios[0]:.2g} times"


def against(portion: Portion, times: float) -> str:
    own = f"the reference's {portion.reference.deviation:.3g}"
    if portion.eased > 1:
        own = f"the {portion.reference.deviation / portion.eased:.3g} that suits tanh"
    adds_up = (
        f", as its mean adds up over {portion.fans.inputs:g} inputs" if portion.fans and portion.spread.center else ""
    )
    return f"{times:.3g} times {own}{adds_up}" if times >= 1 else f"{own} is {1 / times:.3g} times as large"
