"""The rung `metric`: examples whose right answers are known, through everything that scores in the file."""

import linecache

from refkit.adapters.parts.scorer import Scorer
from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.differences import once, statement_at
from refkit.checks.known import known_bug
from refkit.checks.matter import Matter
from refkit.checks.sight import OF_TARGETS
from refkit.loading.time_limit import OutOfTime, time_limit
from refkit.report.finding import Candidate, Finding
from refkit.scoring.fault import Fault
from refkit.scoring.judge import Judge
from refkit.scoring.lines import line_of
from refkit.scoring.loops import faults
from refkit.scoring.oracle import consult
from refkit.scoring.stale import stale
from refkit.scoring.verdict import Verdict

NAME = "metric"
LIMIT_S = 40.0  # for the program's own training, whose steps are only listened to


def run(matter: Matter) -> Outcome:
    part = matter.implementation.part(NAME)
    if part.run is None:
        return not_run(NAME, part.lacking)
    scorers, evidence = part.run()
    findings = [fault_finding(fault, matter.implementation.file) for fault in every_fault(evidence, matter)]
    verdicts: list[Verdict] = []
    if scorers:
        oracle = consult(matter.yours, matter.implementation.apply)
        if not oracle.alone and not findings:
            return not_run(
                NAME,
                "the model's answer to an example depends on the others of its batch, or is not finite: "
                "mend that first",
            )
        classes = matter.sight.losses()[0][0] not in OF_TARGETS
        verdicts = [judged(scorer, oracle, matter, classes) for scorer in scorers] if oracle.alone else []
    findings += [finding_of(verdict, matter) for verdict in verdicts if verdict.kind in ("bug", "unexplained")]
    right = [verdict.scorer.name for verdict in verdicts if verdict.kind == "right"]
    if not findings and not right:
        return not_run(NAME, why_not(verdicts) if verdicts else part.lacking)
    listed = ", ".join(f"`{name}`" for name in dict.fromkeys(right))
    return outcome(NAME, once(findings), f"{listed} right on every set of examples")


def every_fault(evidence, matter: Matter) -> list[Fault]:
    """What the syntax of the training loop shows, and what the program's own run shows beside it."""
    found = faults(evidence)
    train = matter.implementation.part("train")
    if train.run is not None:
        try:
            with time_limit(LIMIT_S, lambda frame: True):
                known = {fault.id for fault in found}
                found += [
                    fault for fault in stale(train.run.heard(), matter.implementation.file) if fault.id not in known
                ]
        except OutOfTime:
            pass
    return found


def fault_finding(fault: Fault, file: str) -> Finding:
    place = statement_at(file, fault.line)
    if place["line"] < fault.line:  # within a statement of several lines: the one on which it was chosen
        place = {"line": fault.line, "end_line": fault.line, "source": linecache.getline(file, fault.line).strip()}
    return known_bug(NAME, fault.id, fault.what, file=file, **place)


def judged(scorer: Scorer, oracle, matter: Matter, classes: bool) -> Verdict:
    try:
        return Judge(scorer, oracle, matter.subject.name, classes, (matter.implementation.file,)).verdict()
    except Exception as error:  # noqa: BLE001: what scores may do anything
        return Verdict(scorer, "unusable", error=error)


def why_not(verdicts: list[Verdict]) -> str:
    first = verdicts[0]
    if first.error is None:
        return f"`{first.scorer.name}` gives no number that tells right answers from wrong ones"
    said = " ".join(str(first.error).split())[:140]
    return f"`{first.scorer.name}` could not be called ({type(first.error).__name__}: {said})"


def finding_of(verdict: Verdict, matter: Matter) -> Finding:
    file = matter.implementation.file
    line = line_of(verdict, file)
    place = {"file": file, **statement_at(file, line)} if line else {}
    if verdict.kind == "unexplained":
        return Finding(
            NAME,
            "unexplained",
            f"`{verdict.scorer.name}` {counted(verdict)}, and no known bug says the same",
            help="compare it with the reference's metric",
            **place,
        )
    candidates = tuple(Candidate(id, distance) for id, distance in ((verdict.id, 0.0), *verdict.rivals))
    said = f"`{verdict.scorer.name}` {counted(verdict)}"
    return known_bug(NAME, verdict.id, said, f", {verdict.where}", candidates, **place)


def counted(verdict: Verdict) -> str:
    """What it says of the first set on which it is wrong."""
    if verdict.error is not None:
        return f"raises {type(verdict.error).__name__}"
    for said, wanted, (right, answered) in zip(verdict.said, verdict.wanted, verdict.sets, strict=False):
        if abs(said - wanted) > 1e-4 * max(abs(wanted), 1e-3):
            return f"says {said:.4g} where {right} of {answered} answers are right"
    return "says another number than the reference's"


METRIC = Check(
    NAME,
    compares="what every function that scores says of examples of which the model answers exactly k of n rightly",
    catches="wrong axes, wrong divisors, batches left out or weighed wrongly, training mode, sums in a short format",
    looks_like="a score that changes with the batch size, or that has nothing to do with the answers",
    fix="look at the named line: what is added up, over which examples, and what it is divided by",
    run=run,
)
