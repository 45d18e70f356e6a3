"""The rung `loss`: the loss of a batch, value by value."""

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.differences import finding_of, once, overflow_finding
from refkit.checks.matter import LossError, Matter
from refkit.checks.structure import differs, size_finding
from refkit.diagnosis.difference import Difference
from refkit.diagnosis.numerics import Numerics
from refkit.diagnosis.prepared import PREPARATION

CONSTANT = "the output is the same for every example: mend that first"


def run(matter: Matter) -> Outcome:
    if matter.loss_raised is not None:
        return not_run("loss", "it raises: see `runs`")
    if not matter.has_loss:
        return not_run("loss", "no loss found: name it with `--loss NAME`")
    if matter.output_is_constant:
        return not_run("loss", CONSTANT)
    try:
        differences = matter.loss.differences
    except LossError as error:
        return not_run(
            "loss",
            f"the loss raises on class ids as on targets ({sentence(error.args[0])}): name another with `--loss NAME`",
        )
    prepared = [
        difference
        for difference in differences
        if difference.candidate is not None and difference.candidate.id == PREPARATION
    ]
    findings = once(
        [
            finding_of(difference, "loss", matter.subject.name)
            for difference in differences
            if difference not in prepared and (difference.candidate is not None or not by_forward(matter, difference))
        ]
    )
    if matter.loss.final.whole:
        overflow = Numerics(matter.yours, matter.bench, matter.loss.final).find(backward=False)
        findings += [] if overflow is None else [overflow_finding(overflow, "loss")]
    name, kind = matter.subject.name, matter.loss.final.side.setting.value("loss")
    if matter.own is None and kind is not None and "loss" not in matter.given and differs(name, "loss", kind):
        if not any(finding.id == "loss" for finding in findings):
            findings.append(size_finding(name, "loss", kind, "loss"))
    return outcome("loss", findings, "the loss of a batch agrees" + beyond(prepared))


def beyond(prepared: list[Difference]) -> str:
    """Where the step changes its inputs before the model takes them."""
    sites = [difference.before.alignment.yours.sites[difference.node] for difference in prepared]
    lines = sorted({site.line for site in sites if site is not None})
    return f"; line {', '.join(map(str, lines))} changes the inputs first" if lines else ""


def by_forward(matter: Matter, difference: Difference) -> bool:
    """Whether the forward pass has reported a departure on the line of this one already."""
    site = difference.before.alignment.yours.sites[difference.node]
    return site is not None and (site.file, site.line) in matter.told


def sentence(error: Exception | None) -> str:
    return (
        f"{type(error).__name__}: {' '.join(str(error).split())[:160]}" if error is not None else "it cannot be traced"
    )


LOSS = Check(
    "loss",
    compares="the loss of one batch, on equal parameters, inputs and labels, line by line",
    catches="the wrong input to the loss, sums for means, wrong axes and silent broadcasting",
    looks_like="a loss that sits on a floor it cannot leave, or a gradient of another size",
    fix="look at the named line, and at what the loss expects: logits or probabilities, ids or one-hot",
    run=run,
)
