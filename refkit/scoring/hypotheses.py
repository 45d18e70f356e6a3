"""What the reference's own metric, right or with a known bug in it, says of the same examples."""

import dataclasses
import types
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from refkit.edits.bug import Bug
from refkit.edits.catalogue import bugs_for, edited_source
from refkit.edits.edit import Edit, EditError
from refkit.scoring.oracle import Oracle, Probe
from refkit.subjects.reference import compiled

# What is averaged: the text of the reference's metric, and what stands in its place.
OF_TARGETS = (
    "> 0.04",
    {"share off": "> 0.04", "share within": "<= 0.04", "squared error": "** 2", "absolute error": "* 1.0"},
)
OF_CLASSES = ("== labels", {"share right": "== labels", "share wrong": "!= labels"})


@dataclasses.dataclass
class StandIn:
    """A model that looks its answers up: each example is its own number.

    Args:
        oracle: whose answers they are.
        probe: the examples.
        classes: whether they are classes.
    """

    oracle: Oracle
    probe: Probe
    classes: bool
    training: bool = True
    switched: bool = False

    def __call__(self, tags, *rest):
        rows = np.asarray(tags).astype(int).reshape(-1)
        outputs = self.probe.examples.outputs[rows]
        if self.switched and self.training:
            outputs = self.oracle.training_outputs(tuple(value[rows] for value in self.probe.examples.inputs))
        if self.classes and self.oracle.one_unit:
            flat = outputs.reshape(len(outputs)) if outputs.ndim < 3 else outputs[..., 0]
            outputs = np.stack([np.full_like(flat, 0.5 if self.oracle.gives_probabilities else 0.0), flat], axis=-1)
        return jnp.asarray(outputs if outputs.ndim > 1 else outputs[:, None])

    def train(self):
        self.training = self.switched = True

    def eval(self):
        self.training, self.switched = False, True


@dataclasses.dataclass(frozen=True)
class Said:
    """What one source's metric says.

    Args:
        shares: one for each set of examples; NaN where it raises.
        raised: what it raised on the first set that it raised on.
    """

    shares: tuple[float, ...]
    raised: str = ""


def metric_edits(reference: str) -> list[tuple[Bug, Edit]]:
    return [(bug, edit) for bug, edit in bugs_for(reference) if bug.rung_of(edit) == "metric"]


def standing_for(reference: str, classes: bool) -> str:
    """The reference whose metric is meant: that of classes or that of numbers."""
    if classes:
        return "mlp" if reference == "lstm" else reference
    return "lstm"


def edited(reference: str, edit: Edit | None, quantity: str) -> str | None:
    """Source of the metric with the edit, for another quantity than the reference's where asked for."""
    try:
        source = edited_source(reference, dict(edit.options) if edit else {}, [edit] if edit else [])
    except EditError:
        return None
    old, ways = OF_TARGETS if reference == "lstm" else OF_CLASSES
    return source.replace(old, ways[quantity])


def say(source: str, reference: str, oracle: Oracle, probes: Sequence[Probe], classes: bool, batch: int) -> Said:
    """What a reference's metric says of the sets, one after the other."""
    module = types.ModuleType(f"refkit_metric_{reference}")
    exec(compiled(source, f"{reference}.py (reference)"), module.__dict__)  # noqa: S102
    module.Config.batch_size = batch
    metric = module.share_wrong if reference == "lstm" else module.accuracy
    shares, raised = [], ""
    for probe in probes:
        tags = np.arange(len(probe.examples.labels), dtype=np.float32)
        data = (tags, tags) if reference == "multimodal" else (tags,)
        try:
            shares.append(float(metric(StandIn(oracle, probe, classes), *data, probe.examples.labels)))
        except Exception as error:  # noqa: BLE001: a bug may raise anything
            shares.append(float("nan"))
            raised = raised or type(error).__name__
    return Said(tuple(shares), raised)
