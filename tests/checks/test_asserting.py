"""`refkit.assert_matches` in people's own tests."""

import jax
import jax.numpy as jnp
import pytest
from flax import linen, nnx

import refkit


class Network(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(30, 64, rngs=rngs)
        self.out = nnx.Linear(64, 2, rngs=rngs)

    def __call__(self, x):
        return self.out(nnx.relu(self.hidden(x)))


class WithoutActivation(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(30, 64, rngs=rngs)
        self.out = nnx.Linear(64, 2, rngs=rngs)

    def __call__(self, x):
        x = self.hidden(x)
        return self.out(x)


class LinenNetwork(linen.Module):
    width: int = 64

    @linen.compact
    def __call__(self, x):
        return linen.Dense(2)(linen.relu(linen.Dense(self.width)(x)))


def init_params(key):
    one, two = jax.random.split(key)
    return {
        "w1": jax.random.normal(one, (30, 64)) * 0.2,
        "b1": jnp.zeros(64),
        "w2": jax.random.normal(two, (64, 2)) * 0.2,
        "b2": jnp.zeros(2),
    }


def predict(params, x):
    hidden = jax.nn.relu(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()


IMPLEMENTATION = refkit.Implementation(
    init=init_params, apply=lambda params, x: predict(params, x), inputs=(refkit.Input("x", "features", (30,)),)
)


@pytest.mark.parametrize(
    "model",
    [Network, Network(nnx.Rngs(0)), LinenNetwork, LinenNetwork(width=32), (init_params, predict), IMPLEMENTATION],
    ids=["nnx", "nnx-instance", "linen", "linen-instance", "functions", "implementation"],
)
def test_right_models_pass(model):
    report = refkit.assert_matches(model, "mlp", until="forward")
    assert report.verdict == "same"


def test_the_loss_beside_the_model_is_compared():
    report = refkit.assert_matches(Network, "mlp", until="loss")
    assert [(rung.name, rung.status) for rung in report.rungs][-1] == ("loss", "pass")


def test_a_file_passes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(
        "import flax.linen as nn\n\nclass Net(nn.Module):\n    @nn.compact\n    def __call__(self, x):\n"
        "        x = nn.relu(nn.Dense(64)(x))\n        return nn.Dense(2)(x)\n"
    )
    assert refkit.assert_matches("net.py:Net", "mlp", until="forward").target == "net.py:Net"


def test_a_bug_raises_with_the_whole_report():
    with pytest.raises(AssertionError) as caught:
        refkit.assert_matches(WithoutActivation, "mlp", until="forward")
    text = str(caught.value)
    assert "test_asserting.py:WithoutActivation (nnx) beside mlp" in text
    assert "looks like `missing-activation`" in text
    assert "return self.out(x)" in text


@pytest.mark.parametrize("model", [3, object(), (1, 2, 3), None], ids=["number", "object", "triple", "none"])
def test_what_is_no_model_is_said_so(model):
    with pytest.raises(refkit.RefkitError, match="is no model that can be read: hand over a model's class"):
        refkit.assert_matches(model, "mlp")


def test_a_model_without_text_is_said_so():
    namespace = {"__name__": "nowhere"}
    exec("def init(key):\n    return {}\n\ndef apply(params, x):\n    return x", namespace)
    with pytest.raises(refkit.RefkitError, match="cannot be read: define it in a file"):
        refkit.assert_matches((namespace["init"], namespace["apply"]), "mlp")
