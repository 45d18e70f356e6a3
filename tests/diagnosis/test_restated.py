"""A bug in a loss that is written out is found on its own line, whatever the reference's loss looks like."""

import pytest

import refkit
from tests.diagnosis.written import line_with, rewritten, wrong

NETWORK = '''"""A network of one hidden layer in plain JAX."""
import jax
import jax.numpy as jnp


def init_params(key):
    first, second = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(first, (30, 64)), "b1": jnp.zeros(64), "w2": he(second, (64, 2)), "b2": jnp.zeros(2)}


def forward(params, x):
    hidden = jax.nn.relu(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def loss_fn(params, x, y):
    logits = forward(params, x)
    probabilities = jax.nn.softmax(logits, axis=-1)
    logs = jnp.log(probabilities + 1e-12)
    hot = jax.nn.one_hot(y, 2)
    chosen = hot * logs
    losses = -chosen.sum(axis=-1)
    return losses.mean()
'''


@pytest.fixture
def found(tmp_path):
    def compared(*edits):
        source = rewritten(NETWORK, *edits)
        (tmp_path / "mine.py").write_text(source, encoding="utf-8")
        return source, wrong(refkit.compare(str(tmp_path / "mine.py"), "mlp", until="loss"))

    return compared


def test_every_step_written_out_is_the_same(found):
    assert found()[1] == []


@pytest.mark.parametrize(
    ("old", "new", "id"),
    [
        ("softmax(logits, axis=-1)", "softmax(logits, axis=0)", "softmax-over-batch"),
        ("losses = -chosen.sum(axis=-1)", "losses = -chosen.mean(axis=-1)", "loss-averaged-over-classes"),
        ("return losses.mean()", "return -losses.mean()", "loss-sign-flipped"),
        ("return losses.mean()", "return losses.sum()", "loss-summed-over-batch"),
    ],
)
def test_the_line_that_departs_is_the_one_that_is_wrong(found, old, new, id):
    source, findings = found((old, new))
    assert [finding.id for finding in findings] == [id]
    assert findings[0].line == line_with(source, new)
