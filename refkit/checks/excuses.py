"""Why a result below the known one may be no fault: choices, or a training of your own."""

import re
from typing import Any

import numpy as np

from refkit.checks.forward import FORWARD
from refkit.checks.initialization import INITIALIZATION
from refkit.checks.loss import LOSS
from refkit.checks.matter import Matter
from refkit.checks.structure import STRUCTURE
from refkit.diagnosis.sources import source_of
from refkit.errors import RefkitError

CHOOSING = (STRUCTURE, INITIALIZATION, FORWARD, LOSS)  # rungs that find choices on which a result depends
LATER = re.compile(r"schedule|decay|warm_?up|clip|MultiSteps|apply_every|\bema\b", re.IGNORECASE)  # seen in later steps
DROPS = re.compile(r"dropout", re.IGNORECASE)  # seen by no rung that has choices, for evaluation does without


def excuse_for(matter: Matter, protocol: Any, examples: Any, own: Any, name: str, learned: bool, fell: bool) -> str:
    """One clause; empty where nothing is known that would excuse it.

    Args:
        protocol, examples: on which it was trained.
        own: the learner, where a step of yours has trained; else None.
        name: of that step.
        learned: whether it is better than an answer that looks at no input.
        fell: whether its own loss fell while it was trained.
    """
    from refkit.experiments.training import reference_config

    config = reference_config(protocol, examples, 0)
    steps = beside_adam(matter, examples, own, config) if own is not None else None
    if not learned and not fell and not (steps is not None and steps.slow):
        return ""
    return "; ".join(filter(None, [of_choices(matter, protocol, examples), of_step(matter, steps, own, name, config)]))


def of_choices(matter: Matter, protocol: Any, examples: Any) -> str:
    """That your model is another than that of the known result."""
    from refkit.experiments.training import reference_learner

    chosen = choices_of(matter)
    if chosen:
        return f"your choices may be why: {', '.join(chosen)}"
    mine = sum(int(np.prod(leaf.shape)) for leaf in matter.yours.leaves if leaf.kind == "parameters")
    known = reference_learner(protocol, examples, 0).parameters
    return f"the known result is of {known:,} parameters, and you have {mine:,}" if mine != known else ""


def of_step(matter: Matter, steps: Any, own: Any, name: str, config: Any) -> str:
    """That your step is another than that of the known result."""
    source = source_of(matter.implementation.file)
    if own is None or steps is not None and steps.same and not LATER.search(source):
        return ""
    return f"the known budget is for Adam at {config.learning_rate:g}, and {name} does something else"


def beside_adam(matter: Matter, examples: Any, own: Any, config: Any) -> Any:
    """The first steps of your own training beside Adam's."""
    from refkit.diagnosis.results.learner import YourLearner
    from refkit.diagnosis.results.ways import first_steps, of_adam

    rows = [np.arange(k, k + config.batch_size) % len(examples.train[-1]) for k in range(3)]
    batches = [tuple(array[chosen] for array in examples.train) for chosen in rows]
    adam = YourLearner(matter.implementation, of_adam(matter.implementation, config.learning_rate), config.batch_size)
    return first_steps(own, adam, batches)


def choices_of(matter: Matter) -> list[str]:
    """What the rungs before this one call choices, also where they were not climbed; as `pool=max`."""
    found = [finding for finding in matter.earlier if finding.kind == "choice"]
    if not matter.earlier:
        try:
            found = [
                finding for check in CHOOSING for finding in check.run(matter).findings if finding.kind == "choice"
            ]
        except RefkitError:
            return ["another model than the reference"]
    words = [finding.message.partition(":")[0] for finding in found]
    if DROPS.search(source_of(matter.implementation.file)):
        words.append("dropout")
    return list(dict.fromkeys(words))
