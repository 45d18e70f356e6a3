"""A state that another function than `init` makes."""

import refkit

PROGRAM = """
import jax
import jax.numpy as jnp

def normalised(x, stats, training):
    mean, var = (x.mean(0), x.var(0)) if training else (stats["mean"], stats["var"])
    return (x - mean) / jnp.sqrt(var + 1e-5), {"mean": 0.9 * stats["mean"] + 0.1 * mean, "var": 0.9 * stats["var"] + 0.1 * var}

def init_params(key):
    k1, k2 = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(k1, (30, 64)), "b1": jnp.zeros(64), "w2": he(k2, (64, 2)), "b2": jnp.zeros(2)}

def fresh():
    return {"mean": jnp.zeros(64), "var": jnp.ones(64)}

def forward(params, stats, x, training=False):
    h, stats = normalised(x @ params["w1"] + params["b1"], stats, training)
    return jax.nn.relu(h) @ params["w2"] + params["b2"], stats

def main():
    params, stats = init_params(jax.random.key(0)), fresh()
"""


def test_parameters_and_state_are_made_apart(tmp_path):
    (tmp_path / "net.py").write_text(PROGRAM)
    report = refkit.compare(str(tmp_path / "net.py"), "mlp", until="forward")
    rungs = {rung.name: rung.status for rung in report.rungs}
    assert rungs["runs"] == "pass", [f.message for f in report.findings]
    assert "`0` is taken" in " ".join(report.notes)
