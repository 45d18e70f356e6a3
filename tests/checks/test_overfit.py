"""The rung `overfit`: one held batch to almost nothing; what keeps it from that is a finding, a slow choice is none."""

import pytest

import refkit

PLAIN = """
import jax
import jax.numpy as jnp
import optax

def init_params(key):
    a, b = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(a, (30, 64)), "b1": jnp.zeros(64), "w2": he(b, (64, 2)), "b2": jnp.zeros(2)}

def forward(params, x):
    return jax.nn.relu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

def loss_fn(params, x, y):
    return LOSS

tx = OPTIMIZER

@jax.jit
def train_step(params, opt_state, x, y):
    print("leaks")
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return STEPPED, opt_state, loss
"""
LOGITS = "optax.softmax_cross_entropy_with_integer_labels(forward(params, x), y).mean()"
STEPPED = "optax.apply_updates(params, updates)"
RIGHT = {
    "Adam 1e-4": ("optax.adam(1e-4)", LOGITS),
    "SGD 0.01": ("optax.sgd(0.01)", LOGITS),
    "warm-up": ("optax.adam(optax.linear_schedule(0.0, 1e-3, 300))", LOGITS),
    "a schedule that ends": ("optax.adam(optax.cosine_decay_schedule(1e-3, 200))", LOGITS),
    "penalty": (
        "optax.adamw(1e-3, weight_decay=1e-4)",
        LOGITS + " + 1e-3 * sum((w**2).sum() for w in params.values())",
    ),
    "smoothing": (
        "optax.adam(1e-3)",
        "optax.softmax_cross_entropy(forward(params, x), optax.smooth_labels(jax.nn.one_hot(y, 2), 0.2)).mean()",
    ),
    "sum": ("optax.sgd(1e-3)", LOGITS.replace("mean", "sum")),
}
WRONG = {
    "softmax-before-loss": (
        "optax.adam(1e-2)",
        LOGITS.replace("forward(params, x)", "jax.nn.softmax(forward(params, x))"),
        STEPPED,
    ),
    "gradient-ascent": ("optax.adam(1e-3)", LOGITS, "jax.tree.map(lambda p, u: p - u, params, updates)"),
    "loss-sign-flipped": ("optax.adam(1e-3)", "-" + LOGITS, STEPPED),
    "parameters-not-updated": ("optax.adam(1e-3)", LOGITS, "params"),
    "learning-rate-too-low": ("optax.adam(1e-9)", LOGITS, STEPPED),
}


def compared(tmp_path, optimizer: str, loss: str, stepped: str = STEPPED, text: str = PLAIN):
    file = tmp_path / "mine.py"
    file.write_text(
        text.replace("OPTIMIZER", optimizer).replace("LOSS", loss).replace("STEPPED", stepped), encoding="utf-8"
    )
    return refkit.compare(str(file), "mlp", only="overfit")


@pytest.mark.parametrize("name", RIGHT)
def test_a_choice_is_no_alarm(tmp_path, name, capsys):
    report = compared(tmp_path, *RIGHT[name])
    assert [(rung.status, report.findings) for rung in report.rungs] == [("pass", ())], report.rungs[0].reason
    assert "leaks" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("id", WRONG)
def test_what_keeps_it_from_learning_is_named(tmp_path, id):
    report = compared(tmp_path, *WRONG[id])
    assert [finding.id for finding in report.findings] == [id], report.rungs[0].reason
    assert report.exit_status == 1


def test_a_loss_that_is_not_finite_explodes_with_its_step(tmp_path):
    report = compared(
        tmp_path, "optax.adam(1e-3)", LOGITS + " + jnp.where(jnp.abs(params['b1']).max() > 2.5e-3, jnp.nan, 0.0)"
    )
    (finding,) = report.findings
    assert "explodes" in finding.message and "not finite at step 4" in finding.message


def test_without_a_step_the_reference_trains_around_the_model(tmp_path):
    report = compared(tmp_path, "optax.adam(1e-3)", LOGITS, text=PLAIN.split("tx =")[0])
    assert report.rungs[0].status == "pass"
    assert "the reference's step around your model" in report.rungs[0].reason
    assert "no train step found" in report.rungs[0].reason


def test_quick_leaves_it_out(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PLAIN.split("def loss_fn")[0], encoding="utf-8")
    report = refkit.compare(str(file), "mlp", quick=True)
    assert "overfit" not in [rung.name for rung in report.rungs]


def test_what_an_earlier_rung_has_named_is_not_reported_again(tmp_path):
    file = tmp_path / "mine.py"
    loss = LOGITS.replace("forward(params, x)", "jax.nn.softmax(forward(params, x))")
    file.write_text(
        PLAIN.replace("OPTIMIZER", "optax.adam(1e-2)").replace("LOSS", loss).replace("STEPPED", STEPPED),
        encoding="utf-8",
    )
    report = refkit.compare(str(file), "mlp")
    assert [finding.id for finding in report.wrong] == ["softmax-before-loss"]
    overfit, result = report.rungs[-2:]
    assert (overfit.name, overfit.status) == ("overfit", "fail")
    assert "to be expected of `softmax-before-loss`" in overfit.reason
    assert (result.name, result.status) == ("result", "not-run")
    assert result.reason == "mend what `loss` found first; a result would only show it again"
