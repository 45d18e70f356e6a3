"""Scores a made-up set with an edited reference's metric, in its place beside a training loop."""

import ast

import jax
import numpy as np

from refkit.adapters.evidence import Evidence
from refkit.adapters.names import Names
from refkit.edits.catalogue import edited_source
from refkit.edits.edit import Edit
from refkit.scoring.hypotheses import StandIn, say
from refkit.scoring.loops import faults
from refkit.scoring.oracle import Oracle, Probe

BATCH, CLASSES = 5, 4


def oracle_of(outputs: np.ndarray) -> Oracle:
    """Answers that are those of the next example in training mode."""
    apply = lambda tree, x, training=False, key=None: np.roll(outputs, 1, axis=0)[np.asarray(x).astype(int)]
    return Oracle(None, (np.arange(len(outputs)),), outputs, True, apply)


def scored_otherwise(edit: Edit) -> bool:
    """Whether the edited metric, or the training loop around it, departs from the reference's."""
    classes = edit.reference != "lstm" or edit.options.get("loss") == "cross-entropy"
    generator = np.random.default_rng(0)
    oracle = oracle_of(generator.normal(size=(29, CLASSES if classes else 1)).astype(np.float32))
    probes = [oracle.probe(n, right, classes, BATCH, seed=n) for n, right in ((13, 9), (18, 7), (517, 400))]
    whole, source = edited_source(edit.reference, edit.options), edited_source(edit.reference, edit.options, [edit])
    with jax.enable_x64(False):
        wanted = say(whole, edit.reference, oracle, probes, classes, BATCH)
        said = say(source, edit.reference, oracle, probes, classes, BATCH)
    if said.raised != wanted.raised or not np.allclose(said.shares, wanted.shares, rtol=1e-6, atol=0):
        return True
    return bool(seen_in_loops(source) - seen_in_loops(whole)) or leaves_mode(source, edit.reference, oracle, probes[0])


def seen_in_loops(source: str) -> set[str]:
    tree = ast.parse(source)
    return {fault.id for fault in faults(Evidence(source, tree, Names({}, tree)))}


def leaves_mode(source: str, reference: str, oracle: Oracle, probe: Probe) -> bool:
    """Whether the model is in another mode after the metric than before."""
    namespace: dict = {}
    exec(compile(source, f"{reference}.py", "exec"), namespace)  # noqa: S102
    model = StandIn(oracle, probe, True)
    namespace["accuracy"](model, np.arange(len(probe.examples.labels), dtype=np.float32), probe.examples.labels)
    return not model.training
