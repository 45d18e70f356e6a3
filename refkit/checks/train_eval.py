"""The rung `train-eval`: what your training does that evaluation does not, from step to step."""

import re

import jax
import numpy as np

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.matter import Matter
from refkit.checks.stepped import limited, stepped, why_not
from refkit.checks.update import finding
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.step_effects import Effects
from refkit.diagnosis.step_keys import draws
from refkit.diagnosis.step_modes import mode_faults
from refkit.loading.time_limit import OutOfTime

NAME = "train-eval"
HAS_MODES = re.compile(
    r"[Dd]ropout|BatchNorm|batch_norm|batch_stats|bernoulli|running_(mean|var)|\brandom\.|np\.random|drop_"
)


def run(matter: Matter) -> Outcome:
    source = source_of(matter.implementation.file)
    if not HAS_MODES.search(source):
        return outcome(NAME, [], "nothing differs between training and evaluation")
    step = stepped(matter)
    try:
        with limited(matter):
            draws_any = step.effects is not None and draws_in_training(matter)
            found = mode_faults(step.effects, step.text, source, draws_any, matter.implementation.name.rpartition(":")[2])
            seen_in_steps = words_of(step.effects) if step.effects is not None else ""
    except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
        return not_run(NAME, why_not(step.part, error))
    if not found and (step.effects is None or not any(step.effects.ever_moved)):
        return not_run(NAME, step.lacking or "the steps change nothing, so that nothing is seen of what they draw")
    findings, seen = [], set()
    for reading in found:
        if reading.fault.id not in seen and not seen & HIDES.get(reading.fault.id, set()):
            findings.append(finding(reading.fault, reading.node, step.text, matter, NAME))
            seen.add(reading.fault.id)
    return outcome(NAME, findings, seen_in_steps)


def words_of(effects: Effects) -> str:
    """What was seen of three steps that are right."""
    drawn, kept = bool(draws(effects.moments[1].trace)), bool(effects.moments[0].statistics)
    if drawn and kept:
        return "masks change from step to step, and running statistics are kept"
    if drawn:
        return "what a step draws at random changes from step to step"
    return "running statistics are kept from step to step" if kept else "no step draws at random or keeps statistics"


HIDES = {  # what follows from the other
    "dropout-key-fixed": {"numpy-random-in-jit", "batch-statistics-discarded", "key-reused"},
    "dropout-never-active": {"mode-frozen-by-jit", "numpy-random-in-jit"},
    "mode-not-restored": {"mode-frozen-by-jit", "dropout-never-active"},
}


def draws_in_training(matter: Matter) -> bool:
    """Whether the model's forward pass in training mode draws random numbers."""
    yours = matter.yours

    def forward(key, *flat):
        leaves, inputs = flat[: len(yours.kinds)], flat[len(yours.kinds) :]
        return yours.implementation.apply(jax.tree.unflatten(yours.tree, leaves), *inputs, training=True, key=key)

    inputs = [jax.ShapeDtypeStruct(np.shape(v), r.dtype) for r, v in zip(yours.inputs, yours.input_values, strict=True)]
    try:
        with jax.enable_x64(False):
            traced = str(jax.make_jaxpr(forward)(jax.eval_shape(lambda: jax.random.key(0)), *yours.shapes, *inputs))
    except Exception:  # noqa: BLE001: in training mode your model may want anything
        return False
    return "random_bits" in traced


TRAIN_EVAL = Check(
    NAME,
    compares="what a training step draws and keeps, over several steps, with what evaluation uses",
    catches="dropout that is never on or always the same, statistics that are not kept, modes that stick",
    looks_like="a gap between training and evaluation that no regularisation explains",
    fix="look at the named line: the mode, the key, and what comes back with the statistics",
    run=run,
)
