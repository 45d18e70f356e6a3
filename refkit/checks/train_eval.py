"""The rung `train-eval`: what your training does that evaluation does not, from step to step."""

import re

from refkit.adapters.own_training.stations import Stations
from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.matter import Matter
from refkit.checks.stepped import limited, stepped, why_not
from refkit.checks.update import finding
from refkit.diagnosis.modes.dropped import dropping_fault, droppings, probe_leaves
from refkit.diagnosis.modes.effects import mode_faults
from refkit.diagnosis.modes.mixing import mixing_line
from refkit.diagnosis.modes.quiet_steps import TWO_MODES, draws_nothing
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.keys import draws, statement_on
from refkit.diagnosis.steps.text import StepText
from refkit.loading.time_limit import OutOfTime
from refkit.report.finding import Finding

NAME = "train-eval"
QUIET = "no step draws at random or keeps statistics"
HAS_MODES = re.compile(TWO_MODES + r"|\brandom\.|np\.random")


def run(matter: Matter) -> Outcome:
    source = source_of(matter.implementation.file)
    if not HAS_MODES.search(source):
        return outcome(NAME, [], "nothing differs between training and evaluation")
    tree = parsed(source)
    if draws_nothing(source, tree, Stations(tree).steps):
        return outcome(NAME, [], QUIET)
    step = stepped(matter)
    try:
        with limited(matter):
            draws_any = step.effects is not None and draws_in_training(matter)
            found = mode_faults(
                step.effects, step.text, source, draws_any, matter.implementation.name.rpartition(":")[2]
            )
            seen_in_steps = words_of(step.effects) if step.effects is not None else ""
            of_pass, words_of_pass = of_training_pass(matter, step.text, source)
    except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
        return not_run(NAME, why_not(step.part, error))
    if not found and not of_pass and (step.effects is None or not any(step.effects.ever_moved)):
        lacking = step.lacking or "the steps change nothing, so that nothing is seen of what they draw"
        return outcome(NAME, [], f"{words_of_pass}; {lacking}") if words_of_pass else not_run(NAME, lacking)
    findings, seen = [], set()
    for reading in found:
        if reading.fault.id not in seen and not seen & HIDES.get(reading.fault.id, set()):
            findings.append(finding(reading.fault, reading.node, step.text, matter, NAME))
            seen.add(reading.fault.id)
    findings += [told for told in of_pass if told.id is None or told.id not in seen]
    return outcome(NAME, findings, f"{seen_in_steps}; {words_of_pass}" if words_of_pass else seen_in_steps)


def of_training_pass(matter: Matter, text: StepText, source: str) -> tuple[list[Finding], str]:
    """What the forward pass in training mode shows by itself, rates of dropout and examples that are mixed, and its words."""
    yours, found = matter.yours, []
    try:
        seen = droppings(yours)
        fault = dropping_fault(seen, text.tree)
        mixing = mixing_line(yours, probe_leaves(yours), source)
    except Exception:  # noqa: BLE001: in training mode your model may want anything
        return [], ""
    if fault is not None:
        node = statement_on(text, fault[1].line)
        found.append(finding(fault[0], node, text, matter, NAME))
    if mixing is not None:
        words = "in training, what the model makes of an example follows from the other examples of its batch"
        found.append(finding(Fault("", words), statement_on(text, mixing.line), text, matter, NAME))
    shares = ", ".join(dict.fromkeys(f"{dropping.kept:.2f}" for dropping in seen))
    return found, f"dropout keeps {shares} of the values" if seen else ""


def words_of(effects: Effects) -> str:
    """What was seen of three steps that are right."""
    drawn, kept = bool(draws(effects.moments[1].trace)), bool(effects.moments[0].statistics)
    if drawn and kept:
        return "masks change from step to step, and running statistics are kept"
    if drawn:
        return "what a step draws at random changes from step to step"
    return "running statistics are kept from step to step" if kept else QUIET


HIDES = {  # what follows from the other
    "dropout-key-fixed": {"numpy-random-in-jit", "batch-statistics-discarded", "key-reused"},
    "dropout-never-active": {"mode-frozen-by-jit", "numpy-random-in-jit"},
    "mode-not-restored": {"mode-frozen-by-jit", "dropout-never-active"},
}


def draws_in_training(matter: Matter) -> bool:
    """Whether the model's forward pass in training mode draws random numbers."""
    try:
        return "random_bits" in str(matter.yours.training.closed)
    except Exception:  # noqa: BLE001: in training mode your model may want anything
        return False


TRAIN_EVAL = Check(
    NAME,
    compares="what a training step draws and keeps, over several steps, with what evaluation uses",
    catches="dropout that is never on or always the same, statistics that are not kept, modes that stick",
    looks_like="a gap between training and evaluation that no regularisation explains",
    fix="look at the named line: the mode, the key, and what comes back with the statistics",
    run=run,
)
