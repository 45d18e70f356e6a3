"""The rung `forward`: the forward pass in evaluation mode, value by value."""

from refkit.checks.check import Check, Outcome, outcome
from refkit.checks.differences import finding_of, once, overflow_finding
from refkit.checks.matter import Matter
from refkit.diagnosis.candidates import INITIAL_VALUES
from refkit.diagnosis.numerics import Numerics
from refkit.edits.catalogue import choices_for, find_bug


def run(matter: Matter) -> Outcome:
    findings = []
    for difference in matter.forward.differences:
        candidate = difference.candidate
        if candidate is not None and candidate.kind == "choice" and is_structural(matter.subject.name, candidate.id):
            continue  # reported by `structure`
        if candidate is not None and candidate.id in matter.withdrawn:
            continue  # reported by `loss`
        rung = "forward"
        if candidate is not None and candidate.bug is not None:
            rung = find_bug(candidate.id).rung_of(candidate.bug.edit)
            rung = rung if rung in ("runs", "structure") else "forward"
        findings.append(finding_of(difference, rung, matter.subject.name))
    findings = once(findings)
    if matter.forward.final.whole and not matter.has_loss:
        overflow = Numerics(matter.yours, matter.bench, matter.forward.final).find(backward=False)
        findings += [] if overflow is None else [overflow_finding(overflow, "forward")]
    values = sum(matter.forward.final.alignment.informative)
    return outcome("forward", findings, f"{values} values agree")


def is_structural(reference: str, option: str) -> bool:
    choice = next(choice for choice in choices_for(reference) if choice.option == option)
    return choice.found_by == "structure" and not option.endswith(INITIAL_VALUES)


FORWARD = Check(
    "forward",
    compares="every value of the forward pass in evaluation mode, on equal parameters and equal inputs, line by line",
    catches="layers, activations, poolings, gates and axes that are not the reference's",
    looks_like="a network that trains, yet to a worse result than the known one",
    fix="look at the named line: the values before it are the reference's, its own is not",
    run=run,
)
