"""What only the whole of a program's training shows: keys, closures, flags, schedules and rates."""

import re

import refkit

PROGRAM = """
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import random

EPOCHS = 6
RATE = 1e-3

def init_params(key):
    a, b = random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(a, (12, 16)), "b1": jnp.zeros(16), "w2": he(b, (16, 3)), "b2": jnp.zeros(3)}

def forward(params, x):
    return jax.nn.relu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

def loss_fn(params, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(forward(params, x), y).mean()

def augment(key, x):
    shift_key, noise_key = random.split(key)
    x = jnp.roll(x, random.randint(shift_key, (), 0, 3), axis=1)
    return x + 0.1 * random.normal(noise_key, x.shape)

@jax.jit
def train_step(params, opt_state, x, y, key):
    loss, grads = jax.value_and_grad(loss_fn)(params, augment(key, x), y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss

@jax.jit
def hits(params, x, y):
    return (forward(params, x).argmax(axis=1) == y).sum()

def load(n=1200):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 12)).astype(np.float32), rng.integers(0, 3, n)

tx = optax.adam(optax.cosine_decay_schedule(RATE, EPOCHS * 40))

def main():
    x, y = load()
    key = random.key(0)
    params = init_params(key)
    opt_state = tx.init(params)
    for epoch in range(EPOCHS):
        key, order_key = random.split(key)
        order = random.permutation(order_key, len(x))
        for i in range(0, len(x), 30):
            key, step_key = random.split(key)
            rows = order[i:i + 30]
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows], step_key)
        print(epoch, loss, hits(params, x, y))

if __name__ == "__main__":
    main()
"""


def seen(tmp_path, *edits: tuple[str, str]) -> list[tuple[str, str]]:
    """Findings of both rungs with their lines' text."""
    source = PROGRAM
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    file, found = tmp_path / "mine.py", []
    file.write_text(source, encoding="utf-8")
    for rung in ("train-eval", "update"):
        report = refkit.compare(str(file), "mlp", only=rung)
        assert report.rungs[0].status != "not-run", report.rungs[0].reason
        found += [(f.id, source.splitlines()[f.line - 1].strip()) for f in report.findings if f.kind != "choice"]
    return found


def test_a_right_one(tmp_path):
    assert seen(tmp_path) == []


def test_one_key_for_the_order_and_the_step(tmp_path):
    found = seen(tmp_path, ("x[rows], y[rows], step_key)", "x[rows], y[rows], order_key)"))
    assert found == [
        ("key-reused", "params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows], order_key)")
    ]


def test_one_key_for_two_draws_of_other_kinds(tmp_path):
    found = seen(tmp_path, ("random.randint(shift_key", "random.randint(noise_key"))
    assert found == [("key-reused", "return x + 0.1 * random.normal(noise_key, x.shape)")]


def test_a_draw_that_takes_the_loops_key_as_it_is(tmp_path):
    anew = (
        "    shift_key, noise_key = random.split(key)\n",
        "    shift_key = random.fold_in(key, x[0, 0].astype(int))\n",
    )
    same = ("random.normal(noise_key, x.shape)", "random.normal(key, x.shape)")
    found = seen(
        tmp_path,
        anew,
        same,
        ("y[rows], step_key)", "y[rows], key)"),
        ("            key, step_key = random.split(key)\n", ""),
    )
    assert [id for id, _ in found] == ["dropout-key-fixed"]


def test_a_function_jitted_before_the_loop_that_changes_what_it_reads(tmp_path):
    made = (
        "    for epoch in range(EPOCHS):\n",
        "    right = jax.jit(lambda x, y: hits(params, x, y))\n    for epoch in range(EPOCHS):\n",
    )
    found = seen(tmp_path, made, ("loss, hits(params, x, y))", "loss, right(x, y))"))
    assert found == [("stale-closure", "right = jax.jit(lambda x, y: hits(params, x, y))")]


def test_a_counter_in_any_jitted_function(tmp_path):
    counted = ("    return (forward(params, x).arg", "    SEEN['n'] += len(x)\n    return (forward(params, x).arg")
    found = seen(tmp_path, counted, ("EPOCHS = 6", "EPOCHS = 6\nSEEN = {'n': 0}"))
    assert found == [("side-effect-in-jit", "SEEN['n'] += len(x)")]


def test_a_schedule_over_before_the_first_epoch_is(tmp_path):
    line = "tx = optax.adam(optax.cosine_decay_schedule(RATE, 8))"
    found = seen(tmp_path, ("optax.cosine_decay_schedule(RATE, EPOCHS * 40)", "optax.cosine_decay_schedule(RATE, 8)"))
    assert found == [("schedule-in-wrong-unit", line)]


def test_rates_far_too_high_and_far_too_low(tmp_path):
    assert seen(tmp_path, ("RATE = 1e-3", "RATE = 30.0")) == [("learning-rate-too-high", "RATE = 30.0")]
    assert seen(tmp_path, ("RATE = 1e-3", "RATE = 1e-10")) == [("learning-rate-too-low", "RATE = 1e-10")]


def test_what_passes_is_said_as_it_was_seen(tmp_path):
    plain = re.sub(r"augment\(key, x\), y\)", "x, y)", PROGRAM)
    (tmp_path / "mine.py").write_text(plain, encoding="utf-8")
    report = refkit.compare(str(tmp_path / "mine.py"), "mlp", only="train-eval")
    assert report.rungs[0].reason == "no step draws at random or keeps statistics"


CALL = "params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows], step_key)"


def test_an_optimizers_state_that_the_loop_makes_anew_or_drops(tmp_path):
    anew = CALL.replace("(params, opt_state", "(params, tx.init(params)")
    assert seen(tmp_path, (CALL, anew)) == [("optimizer-state-reset", anew)]
    dropped = CALL.replace("params, opt_state, loss", "params, _, loss")
    assert seen(tmp_path, (CALL, dropped)) == [("optimizer-state-reset", dropped)]
