"""The line that chooses the parameters which are left out: in a label function, a mask, a table of labels, a filter."""

import pytest

from tests.checks.plain_model import plain_model
from tests.checks.test_training_run import compared

STEP = (
    plain_model(30, 64, 2)
    + """
CHOOSER

tx = OPTIMIZER

@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss
"""
)
FUNCTION = """def labels(params):
    return jax.tree_util.tree_map_with_path(
        lambda path, leaf: "off" if path[0].key in ("w1", "b1") else "on", params
    )"""
BRANCHES = """def labels(params):
    def label(path, leaf):
        if path[0].key == "w2":
            return "off"
        return "on"

    return jax.tree_util.tree_map_with_path(label, params)"""
TABLE = """labels = {
    "w1": "on", "b1": "on",
    "w2": "off", "b2": "on",
}"""
MASK = """def mask(params):
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)"""
PARTS = 'optax.multi_transform({"on": optax.adam(1e-3), "off": optax.set_to_zero()}, labels)'
MASKED = "optax.chain(optax.adam(1e-3), optax.masked(optax.set_to_zero(), mask))"
WAYS = {
    "a label function": (FUNCTION, PARTS, 'path[0].key in ("w1", "b1")'),
    "a branch of one": (BRANCHES, PARTS, 'path[0].key == "w2"'),
    "a table": (TABLE, PARTS, '"w2": "off"'),
    "a mask": (MASK, MASKED, "leaf.ndim > 1"),
}


@pytest.mark.parametrize(("chooser", "optimizer", "line"), WAYS.values(), ids=WAYS)
def test_the_line_that_chooses_is_named(chooser, optimizer, line, tmp_path):
    text = STEP.replace("CHOOSER", chooser).replace("OPTIMIZER", optimizer)
    findings = compared(tmp_path, text, "update").findings
    assert [finding.id for finding in findings] == ["part-frozen"]
    assert line in text.splitlines()[findings[0].line - 1]
