"""The surroundings in which a loss is called: evaluation mode, and the model that only the file's `main` would make."""

import ast
import contextlib
from collections.abc import Callable

import jax

from refkit.adapters.evaluating import evaluating
from refkit.adapters.evidence import Evidence
from refkit.adapters.own_modes import own_modes
from refkit.adapters.search import Call

MODEL_NAMES = ("model", "net", "network", "module", "cnn", "mlp", "lenet", "lstm")


def in_modes(function: Callable[..., jax.Array], evidence: Evidence, call: Call) -> Callable[..., jax.Array]:
    """The loss with what the file's `main` would have put in place, in evaluation mode unless training is asked for."""

    def wrapped(tree, inputs, labels, key=None, training=False):
        with contextlib.ExitStack() as surroundings:
            surroundings.enter_context(missing_model(evidence, call))
            if not training:
                surroundings.enter_context(evaluating(evidence.source))
                surroundings.enter_context(own_modes(evidence))
            return function(tree, inputs, labels, key, training)

    return wrapped


class missing_model:
    """While open, names under which the file's functions expect a model that only its `main` makes stand for one."""

    def __init__(self, evidence: Evidence, call: Call):
        module = call.model.module if call.model.framework == "linen" else None
        free = {node.id for node in ast.walk(evidence.tree) if isinstance(node, ast.Name)}
        self.namespace = evidence.namespace.variables
        self.added = {
            name: module
            for name in MODEL_NAMES
            if module is not None and name in free and name not in evidence.namespace
        }

    def __enter__(self):
        self.namespace.update(self.added)

    def __exit__(self, *_):
        for name in self.added:
            self.namespace.pop(name, None)
