"""Initial values that are drawn another way than the reference's, and rightly so: which option they come to."""

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np

from refkit.alignment.constructs import CELL
from refkit.diagnosis.starts.fans import family_names, fits, is_glorot_over_gates, slack
from refkit.diagnosis.starts.faulty import same
from refkit.diagnosis.starts.initial import Portion
from refkit.diagnosis.starts.spread import Spread

FAMILIES = ("orthogonal", "he", "glorot", "lecun", "torch")


@dataclasses.dataclass
class Chosen:
    """One option, with the parameters that show it."""

    option: str
    value: str
    portions: list[Portion]


def chosen_starts(portions: list[Portion], last: str) -> list[Chosen]:
    """Every way in which your parameters begin otherwise than the reference's.

    Args:
        portions: those that are not a bug.
        last: name of the reference's last layer.
    """
    kernels = [portion for portion in portions if portion.weighs and portion.spread.kind != "constant"]
    biases = [portion for portion in portions if portion.role == "bias"]
    scales = [portion for portion in portions if portion.role == "scale"]
    scales = [portion for portion in scales if not same(portion.spread, portion.reference)]
    found = chosen_families(kernels, last) + chosen_biases(biases, portions)
    if scales:
        found.append(Chosen("initialization", scale_name(scales[0].spread), scales))
    return joined(found)


def joined(found: list[Chosen]) -> list[Chosen]:
    """What is only told by its scale put together where it is of one option: `normal-0.1/normal-0.05`."""
    kept: list[Chosen] = []
    for chosen in found:
        before = next((other for other in kept if may_join(other, chosen)), None)
        if before is None:
            kept.append(chosen)
        else:
            before.value += f"/{chosen.value}"
            before.portions += chosen.portions
    return kept


def may_join(first: Chosen, second: Chosen) -> bool:
    alike = first.option == second.option and first.portions[0].role == second.portions[0].role
    return alike and one_by_one(first) and one_by_one(second)


def one_by_one(chosen: Chosen) -> bool:
    return all(scale_name(portion.spread) in chosen.value.split("/") for portion in chosen.portions)


def chosen_families(kernels: list[Portion], last: str) -> list[Chosen]:
    left = [kernel for kernel in kernels if not as_reference(kernel)]
    return [Chosen(option_of(group, kernels, last), name, group) for name, group in fewest_names(left, names_of)]


def fewest_names(portions: list[Portion], names: Callable[[Portion], list[str]]) -> list[tuple[str, list[Portion]]]:
    """As few names as will do, each with all that it names.

    Args:
        names: what one may be called; its bare scale besides, so that a scale that all share is not taken for the
            family that happens to give it at one shape.
    """
    named = [(portion, [*names(portion), scale_name(portion.spread)]) for portion in portions]
    found = []
    while named:
        counts = Counter(name for _, several in named for name in set(several))
        best = min(counts, key=lambda name: (-counts[name], rank(name)))
        found.append((best, [portion for portion, several in named if best in several]))
        named = [(portion, several) for portion, several in named if best not in several]
    return found


def rank(name: str) -> tuple[int, int, int, str]:
    """Of names that say the same, the likelier first."""
    family = name.split("-")[0]
    known = FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)
    return known == len(FAMILIES), "-fan-" in name, known, name


def as_reference(kernel: Portion) -> bool:
    if same(kernel.spread, kernel.reference):
        return True
    return kernel.fans is not None and bool({*names_of(kernel)} & {*family_names(kernel.reference, kernel.fans)})


def names_of(kernel: Portion) -> list[str]:
    if kernel.spread.kind == "orthogonal":
        return ["orthogonal"]
    names = family_names(kernel.spread, kernel.fans) if kernel.fans is not None else []
    if kernel.of_cell:  # PyTorch counts a cell's units, for what it takes in as well
        names = ["torch" if name == "torch-fan-out" else name for name in names]
    if not names and kernel.fans is not None and is_glorot_over_gates(kernel.spread, kernel.fans):
        return [f"glorot-{'uniform' if kernel.spread.kind == 'uniform' else 'normal'}-over-gates"]
    return names


def scale_name(spread: Spread) -> str:
    """An initializer by its scale, as `normal-0.05`."""
    if spread.kind == "constant":
        return f"constant-{spread.center:.3g}"
    if spread.center:
        return spread.words.replace(" ", "-")
    kind = spread.kind if spread.kind in ("uniform", "truncated-normal") else "normal"
    scale = spread.deviation if kind == "normal" else spread.scale
    return f"{kind}-{scale:.3g}" if spread.exact else f"{kind}-{scale:.2g}"


def option_of(group: list[Portion], kernels: list[Portion], last: str) -> str:
    """The narrowest option that speaks of these kernels and leaves no other one out."""
    if all(kernel.of_cell == "h" for kernel in group):
        return "recurrent-initialization"
    if all(kernel.of_cell for kernel in group) and any(is_convolution(kernel) for kernel in kernels):
        return "state-initialization"
    if all(kernel.path.rsplit(".", 2)[-2] == last for kernel in group):
        return "output-initialization"
    return "initialization"


def is_convolution(kernel: Portion) -> bool:
    return kernel.sample.ndim == 4


def chosen_biases(biases: list[Portion], portions: list[Portion]) -> list[Chosen]:
    """Biases that begin otherwise than the reference's, and the forget gate's where it alone does."""
    starts: dict[str, float] = {}
    for bias in biases:
        if bias.spread.kind == "constant":
            starts[bias.path] = starts.get(bias.path, 0.0) + bias.spread.center
    others = [bias for bias in biases if otherwise(bias, starts)]
    found = []
    for name, group in fewest_names(others, lambda bias: bias_names(bias, portions)):
        forget = all(gate(bias.path) == "forget" and bias.path in starts for bias in group)
        value = f"{starts[group[0].path]:g}" if forget else name
        found.append(Chosen("forget-bias" if forget else "bias-initialization", value, group))
    return found


def gate(path: str) -> str:
    found = CELL.match(path)
    return found[2] if found else ""


def otherwise(bias: Portion, starts: dict[str, float]) -> bool:
    """Whether a bias begins otherwise than the reference's; of two that add up, by their sum."""
    if bias.spread.kind == "constant" and bias.reference.kind == "constant":
        return bool(bias.spread.center) and not np.isclose(starts[bias.path], bias.reference.center, atol=1e-6)
    return not same(bias.spread, bias.reference)


def bias_names(bias: Portion, portions: list[Portion]) -> list[str]:
    """Whether it is drawn as PyTorch does, by the inputs of its layer, or the units of its cell."""
    kernel = next((other for other in portions if other.path == bias.path.replace(".bias", ".kernel")), None)
    if bias.spread.kind != "uniform" or bias.spread.center or kernel is None:
        return []
    counts = [fan for mode, fan in kernel.fans.right if mode == "in" or (mode == "out" and kernel.of_cell)]
    return ["torch"] if any(fits(bias.spread, 1 / 3, fan, slack(bias.spread, 1e-3, 4)) for fan in counts) else []
