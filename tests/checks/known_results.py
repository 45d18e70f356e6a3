"""A small experiment, and known results that are made up for it."""

import dataclasses

import numpy as np

from refkit.experiments import protocols
from refkit.experiments.protocol import Examples
from refkit.results import store
from refkit.results.record import READ, TIERS, Made, Published, Result, Run

BASELINES = {"majority": 0.5, "logistic-regression": 0.9}
PUBLISHED = (
    Published("a larger one, Somebody 1999", 0.97, "their page", READ, TIERS[5]),
    Published("the same one, Nobody 1998", 0.99, "their paper", READ, TIERS[3]),
)


def clouds(seed: int) -> Examples:
    """Two clouds in 30 dimensions that overlap: about three in four can be told apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(460, dtype=np.int32) % 2
    x = (rng.normal(size=(460, 30)) + 0.35 * labels[:, None]).astype(np.float32)
    return Examples((x[:260], labels[:260]), (x[260:], labels[260:]))


PROTOCOL = dataclasses.replace(
    protocols.find_protocol("mlp"),
    data="clouds",
    examples=clouds,
    epochs=4,
    evaluations=2,
    config=(("learning_rate", 1e-2),),
)


def install(monkeypatch, folder, values, protocol=PROTOCOL, curve=(0.0, 1.0), **more) -> Result:
    """Let the known result of `mlp` be these figures.

    Args:
        curve: lowest and highest of the known curves at every evaluation.
    """
    runs = {
        seed: Run(value, (curve[seed % 2],) * protocol.evaluations, seconds=0.1) for seed, value in enumerate(values)
    }
    fields = dict(baselines=BASELINES, published=PUBLISHED) | more
    at = tuple(float(protocol.epochs * (k + 1) // protocol.evaluations) for k in range(protocol.evaluations))
    known = Result(
        reference="mlp",
        data=protocol.data,
        task=protocol.task,
        metric=protocol.metric,
        evaluated=("epochs", at),
        runs=runs,
        made=Made("", protocol.fingerprint, "", {}, ""),
        **fields,
    )
    monkeypatch.setattr(store, "FOLDER", folder)
    monkeypatch.setitem(protocols.BY_REFERENCE, "mlp", (protocol,))
    store.change("mlp", lambda results: results.update({protocol.data: known}), folder)
    return known
