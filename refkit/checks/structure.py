"""The rung `structure`: parameters and sizes."""

from refkit.alignment.expressions import Free
from refkit.checks.check import Check, Outcome, outcome
from refkit.checks.differences import finding_of
from refkit.checks.forward import is_structural
from refkit.checks.matter import Matter
from refkit.edits.catalogue import choices_for, find_choice
from refkit.report.finding import Finding


def run(matter: Matter) -> Outcome:
    name = matter.subject.name
    findings = [
        size_finding(name, option, value)
        for option, value in matter.fitted.side.setting.options
        if option != "loss" and option not in matter.given and differs(name, option, value)
    ]
    for difference in matter.forward.differences:
        candidate = difference.candidate
        if candidate is not None and candidate.kind == "choice" and is_structural(name, candidate.id):
            findings.append(finding_of(difference, "structure", name))
    findings += unpaired(matter)
    parameters = sum(leaf.kind == "parameters" for leaf in matter.yours.leaves)
    count = sum(int_size(leaf.shape) for leaf in matter.yours.leaves if leaf.kind == "parameters")
    return outcome("structure", findings, f"{count:,} parameters in {parameters} arrays")


def differs(reference: str, option: str, value: str) -> bool:
    choice = next(choice for choice in choices_for(reference) if choice.option == option)
    return choice.edit(value) is not None


def size_finding(reference: str, option: str, value: str, rung: str = "structure") -> Finding:
    choice = find_choice(reference, option)
    message = f"{option}={value}: {choice.what} (the reference has {choice.values[0]})"
    return Finding(rung, "choice", message, id=option)


def unpaired(matter: Matter) -> list[Finding]:
    """Parameters that have no counterpart once every difference is explained."""
    pairing = matter.forward.final.pairing
    if matter.forward.final.whole:
        return []
    missing = [f"`{path}`" for path in pairing.unpaired]
    extra = [
        f"`{leaf.path}` {list(leaf.shape)}"
        for leaf, made in zip(pairing.leaves, pairing.made)
        if isinstance(made, Free)
    ]
    found = []
    if missing:
        found.append(
            Finding(
                "structure",
                "unexplained",
                f"no parameter of yours answers to {', '.join(missing)} of the reference",
                help="compare the layers of both, or give the option that leaves it out",
            )
        )
    if extra:
        found.append(
            Finding(
                "structure",
                "unexplained",
                f"the reference has nothing like your {', '.join(extra)}",
                help="compare the layers of both, or give the option that has it",
            )
        )
    return found


def int_size(shape: tuple[int, ...]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size


STRUCTURE = Check(
    "structure",
    compares="the parameters: how many, of which shapes, and which of yours is which of the reference's",
    catches="layers and biases left out or added, sizes that are not the reference's, two layers that are one object",
    looks_like="a model that is larger or smaller than it should be",
    fix="compare the constructors; widths and depths are choices, a missing bias is not",
    run=run,
)
