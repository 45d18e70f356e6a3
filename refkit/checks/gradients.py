"""The rung `gradients`: every parameter's gradient, and the line from which on it is another."""

import numpy as np

from refkit.alignment.tolerance import allowed
from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.differences import overflow_finding, place_of, statement_of
from refkit.checks.known import known_bug
from refkit.checks.loss import CONSTANT
from refkit.checks.matter import LossError, Matter
from refkit.diagnosis.difference import site_to_blame
from refkit.diagnosis.gradients import GradientDifference, Gradients
from refkit.diagnosis.numerics import Numerics
from refkit.edits.catalogue import find_bug
from refkit.report.finding import Candidate, Finding, Side


def run(matter: Matter) -> Outcome:
    aligned = matter.forward.final
    if matter.output_is_constant:
        return not_run("gradients", CONSTANT)
    if matter.has_loss:
        try:
            aligned = matter.loss.final
        except LossError:
            pass
    if not aligned.whole:
        return not_run("gradients", f"the {aligned.kind} departs and nothing explains it: mend that first")
    if matter.healed and not beside_the_reference(matter):
        return not_run("gradients", "a value had to be replaced by the reference's to go on: mend that first")
    parameters, difference = Gradients(matter.yours, matter.bench, aligned, matter.healed).compare()
    if difference is not None and difference.candidate is None and difference.node is not None:
        if matter.is_known(aligned.alignment.yours.sites[difference.node]):
            return not_run("gradients", "they depart on a line that is reported already: mend that first")
    findings = [] if difference is None else [finding_of(difference, aligned)]
    passed = f"the gradients of {len(parameters)} parameters agree"
    if difference is None and Numerics(matter.yours, matter.bench, aligned).find(backward=False) is None:
        overflow = Numerics(matter.yours, matter.bench, aligned).find(backward=True)
        if overflow is not None and overflow.absorbed:
            passed += f"; on {overflow.probe} line {overflow.trace.sites[overflow.node].line} gives none, where `jax.nn`'s does"
        elif overflow is not None:
            findings.append(overflow_finding(overflow, "gradients"))
    return outcome("gradients", findings, passed)


def beside_the_reference(matter: Matter) -> bool:
    """Whether all that was replaced is what the user adds to the reference's loss: a penalty, or augmented inputs."""
    differences = [*matter.forward.differences, *(matter.loss.differences if matter.has_loss else ())]
    return all(difference.candidate is not None for difference in differences)


def finding_of(difference: GradientDifference, aligned) -> Finding:
    worst = max(difference.wrong, key=lambda p: float(np.abs(p.yours - p.reference).max()))
    place = {} if difference.node is None else place_of(aligned.alignment.yours, difference.node)
    if difference.node is not None and difference.candidate is not None:
        site = site_to_blame(find_bug(difference.candidate.id), aligned, difference.node)
        place |= {} if site is None else {"file": site.file, **statement_of(site)}
    gap = float(np.abs(worst.yours - worst.reference).max())
    largest = float(np.abs(worst.reference).max())
    listed = ", ".join(f"`{p.path}`" for p in difference.wrong[:6]) + (", …" if len(difference.wrong) > 6 else "")
    zero = "is zero" if all(not p.yours.any() for p in difference.wrong) else "is another"
    common = dict(
        rung="gradients",
        candidates=tuple(Candidate(id, distance) for id, distance in difference.rivals),
        yours=side(worst.yours),
        reference=side(worst.reference),
        max_abs=gap if np.isfinite(gap) else None,
        max_rel=gap / largest if largest and np.isfinite(gap) else None,
        allowed=allowed(largest),
        **place,
    )
    if difference.candidate is None:
        return Finding(
            kind="unexplained",
            message=f"from this line back the gradient of {listed} {zero}",
            help="look for what this line does to the gradient: a stop, a cast, a derivative rule of its own",
            **common,
        )
    return known_bug(id=difference.candidate.id, said=f"the gradient of {listed} {zero}", **common)


def side(value: np.ndarray) -> Side:
    return Side("float32", tuple(value.shape), float(value.min()), float(value.max()))


GRADIENTS = Check(
    "gradients",
    compares="the gradient of the loss (of the output, where there is no loss) for every parameter and at every value",
    catches="gradients that are stopped, cast away or changed by a derivative rule",
    looks_like="some layers that do not learn, though the loss goes down",
    fix="the named line is the last that the right gradient still reaches",
    run=run,
)
