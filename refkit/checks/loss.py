"""The rung `loss`: the loss of a batch, value by value."""

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.differences import finding_of
from refkit.checks.matter import Matter


def run(matter: Matter) -> Outcome:
    if not matter.has_loss:
        return not_run("loss", "no loss found: name it with `--loss NAME`")
    findings = [finding_of(difference, "loss", matter.subject.name) for difference in matter.loss.differences]
    return outcome("loss", findings, "the loss of a batch agrees")


LOSS = Check(
    "loss",
    compares="the loss of one batch, on equal parameters, inputs and labels, line by line",
    catches="the wrong input to the loss, sums for means, wrong axes and silent broadcasting",
    looks_like="a loss that sits on a floor it cannot leave, or a gradient of another size",
    fix="look at the named line, and at what the loss expects: logits or probabilities, ids or one-hot",
    run=run,
)
