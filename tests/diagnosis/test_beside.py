"""What a program adds to the reference's loss, a penalty or augmented inputs, hides nothing and is no finding."""

import refkit
from tests.diagnosis.written import line_with, rewritten, wrong

SOURCE = '''"""A classifier with a penalty and noise on its inputs."""
import jax
import jax.numpy as jnp


def init_params(key):
    first, second = jax.random.split(key)
    return {
        "w1": jax.random.normal(first, (30, 24)) * jnp.sqrt(2 / 30), "b1": jnp.zeros(24),
        "w2": jax.random.normal(second, (24, 3)) * jnp.sqrt(2 / 24), "b2": jnp.zeros(3),
    }


def forward(params, x):
    hidden = jax.nn.relu(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def penalty(params):
    return sum(jnp.sum(leaf ** 2) for leaf in jax.tree.leaves(params))


@jax.jit
def train_step(params, x, y, class_weights, key):
    x = x + 0.1 * jax.random.normal(key, x.shape)

    def loss_fn(params):
        logs = jax.nn.log_softmax(forward(params, x))
        picked = jnp.take_along_axis(logs, y[:, None], axis=1)[:, 0]
        return -(picked * class_weights[y]).mean() + 3e-3 * penalty(params)

    loss, grads = jax.value_and_grad(loss_fn)(params)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), loss
'''


def compared(folder, *edits: tuple[str, str]):
    source = rewritten(SOURCE, *edits)
    (folder / "mine.py").write_text(source, encoding="utf-8")
    return source, refkit.compare(str(folder / "mine.py"), "mlp", until="gradients")


def rung(report, name: str):
    return next(each for each in report.rungs if each.name == name)


def test_noise_on_inputs_a_penalty_and_class_weights_are_right(tmp_path):
    source, report = compared(tmp_path)
    assert report.verdict == "same"
    assert rung(report, "gradients").status == "pass"
    assert {finding.id for finding in report.findings} >= {"penalty"}


def test_a_gradient_beside_a_penalty_is_compared(tmp_path):
    source, report = compared(tmp_path, ("return hidden @", "return jax.lax.stop_gradient(hidden) @"))
    (finding,) = wrong(report)
    assert (finding.rung, finding.id) == ("gradients", "gradient-stopped")
    assert finding.line == line_with(source, "stop_gradient(hidden)")


def test_a_root_in_a_penalty_is_taken_at_biases_of_zero(tmp_path):
    source, report = compared(tmp_path, ("sum(jnp.sum(leaf ** 2)", "sum(jnp.sqrt(jnp.sum(leaf ** 2))"))
    (finding,) = wrong(report)
    assert (finding.rung, finding.id, finding.line) == (
        "gradients",
        "sqrt-at-zero",
        line_with(source, "jnp.sqrt(jnp.sum"),
    )


def test_rounding_behind_a_division_stops_gradients(tmp_path):
    source, report = compared(tmp_path, ("forward(params, x))", "jnp.round(forward(params, x) / 0.5) * 0.5)"))
    assert ("gradient-stopped", line_with(source, "jnp.round")) in {(f.id, f.line) for f in wrong(report)}
