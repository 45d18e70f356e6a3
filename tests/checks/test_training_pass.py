"""What the forward pass shows in training mode by itself: rates of dropout, and examples that are mixed."""

import pytest

import refkit

PROGRAM = """
import jax
import jax.numpy as jnp

DROP_RATE = 0.2

def dropout(key, x, rate):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0.0)

def init_params(key, features=30, hidden=64, classes=2):
    k1, k2 = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(k1, (features, hidden)), "b1": jnp.zeros(hidden), "w2": he(k2, (hidden, classes)), "b2": jnp.zeros(classes)}

def forward(params, x, train=False, key=None):
    h = jax.nn.relu(x @ params["w1"] + params["b1"])
    if train:
        h = dropout(key, h, DROP_RATE)
    return h @ params["w2"] + params["b2"]
"""


def compared(tmp_path, *edits):
    text = PROGRAM
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "net.py").write_text(text)
    return refkit.compare(str(tmp_path / "net.py"), "mlp", only="train-eval"), text.splitlines()


UNSCALED = ("x / (1 - rate), 0.0", "x, 0.0")
ONE_LINE_OF_LATER_SCALING = (
    '    return h @ params["w2"]',
    '    else:\n        h = h * (1 - DROP_RATE)\n    return h @ params["w2"]',
)
SUBTRACTED = ("keep = jax.random.bernoulli(key, 1 - rate, x.shape)", "keep = jax.random.uniform(key, x.shape) > rate")


@pytest.mark.parametrize("edits", [(), (SUBTRACTED,), (UNSCALED, ONE_LINE_OF_LATER_SCALING)])
def test_right_rates(tmp_path, edits):
    report, _ = compared(tmp_path, *edits)
    assert not report.findings
    assert report.rungs[0].status == "pass"
    assert "dropout keeps 0.8" in report.rungs[0].reason or "dropout keeps 0.79" in report.rungs[0].reason


TURNED = [
    ("keep = jax.random.bernoulli(key, 1 - rate, x.shape)", "keep = jax.random.uniform(key, x.shape) < rate"),
    ("h = dropout(key, h, DROP_RATE)", "h = dropout(key, h, 1 - DROP_RATE)"),
]


@pytest.mark.parametrize("edit", TURNED)
def test_keeps_what_it_is_to_drop(tmp_path, edit):
    report, lines = compared(tmp_path, edit)
    (finding,) = report.findings
    assert (finding.id, finding.kind) == ("dropout-rate-inverted", "bug")
    assert edit[1] in lines[finding.line - 1]


def test_scaled_nowhere(tmp_path):
    report, lines = compared(tmp_path, UNSCALED)
    (finding,) = report.findings
    assert (finding.id, finding.kind) == (None, "unexplained")
    assert "jnp.where(keep, x, 0.0)" in lines[finding.line - 1]


def test_examples_mixed_in_training_alone(tmp_path):
    report, lines = compared(tmp_path, ("h = dropout(key, h, DROP_RATE)", "h = h - h.mean(axis=0)"))
    (finding,) = report.findings
    assert finding.id is None and "h - h.mean(axis=0)" in lines[finding.line - 1]
