"""Steps whose arguments only the program itself can make: its own training is run up to their first call."""

import refkit
from tests.checks.plain_model import plain_model

MODEL = (
    plain_model(12, 16, 3)
    + """
def load(n=90):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 12)).astype(np.float32), rng.integers(0, 3, n)
"""
)
WEIGHTED = (
    MODEL
    + """
@jax.jit
def train_step(params, opt_state, x, y, table):
    def weighted(params):
        losses = optax.softmax_cross_entropy_with_integer_labels(forward(params, x), y)
        return jnp.mean(losses * table["weights"][y])
    loss, grads = jax.value_and_grad(weighted)(params)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss

tx = optax.adam(1e-3)

def main():
    x, y = load()
    table = {"weights": jnp.asarray(1.0 / np.bincount(y))}
    params = init_params(jax.random.key(0))
    opt_state = tx.init(params)
    for i in range(0, 90, 30):
        params, opt_state, loss = train_step(params, opt_state, x[i:i + 30], y[i:i + 30], table)

if __name__ == "__main__":
    main()
"""
)
TRAINER = (
    MODEL
    + """
class Trainer:
    def __init__(self, rate):
        self.params = init_params(jax.random.key(0))
        self.tx = optax.adam(rate)
        self.opt_state = self.tx.init(self.params)

    def train_step(self, x, y):
        loss, grads = jax.value_and_grad(loss_fn)(self.params, x, y)
        updates, self.opt_state = self.tx.update(grads, self.opt_state, self.params)
        self.params = optax.apply_updates(self.params, updates)
        return loss

def main():
    x, y = load()
    trainer = Trainer(1e-3)
    for i in range(0, 90, 30):
        trainer.train_step(x[i:i + 30], y[i:i + 30])

if __name__ == "__main__":
    main()
"""
)
SCANNED = (
    MODEL
    + """
def make_epoch(tx, size):
    def train_step(carry, batch):
        params, opt_state = carry
        loss, grads = jax.value_and_grad(loss_fn)(params, *batch)
        updates, opt_state = tx.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), opt_state), loss

    def epoch(params, opt_state, x, y, key):
        order = jax.random.permutation(key, len(x)).reshape(-1, size)
        (params, opt_state), losses = jax.lax.scan(train_step, (params, opt_state), (x[order], y[order]))
        return params, opt_state, losses.mean()

    return jax.jit(epoch)

def main():
    x, y = load()
    params, tx = init_params(jax.random.key(0)), optax.adam(1e-3)
    opt_state, epoch = tx.init(params), make_epoch(tx, 30)
    for i in range(3):
        params, opt_state, loss = epoch(params, opt_state, x, y, jax.random.key(i))

if __name__ == "__main__":
    main()
"""
)

INLINE = (
    MODEL
    + """
x, y = load()
params = init_params(jax.random.key(0))
tx = optax.adam(1e-3)
opt_state = tx.init(params)
grad_fn = jax.jit(jax.value_and_grad(loss_fn))
for epoch in range(3):
    total = 0.0
    for i in range(0, 90, 30):
        loss, grads = grad_fn(params, x[i:i + 30], y[i:i + 30])
        updates, opt_state = tx.update(grads, opt_state, params)
        params = optax.apply_updates(params, updates)
        total += float(loss)
    print(epoch, total)
"""
)
OBJECTS = """
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

class Net(nnx.Module):
    def __init__(self, rngs):
        self.hidden = nnx.Linear(12, 16, rngs=rngs)
        self.out = nnx.Linear(16, 3, rngs=rngs)

    def __call__(self, x):
        return self.out(nnx.relu(self.hidden(x)))

def loss_fn(model, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

def train():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 12)).astype(np.float32), rng.integers(0, 3, 90)
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for start in range(0, 90, 30):
        loss, grads = nnx.value_and_grad(loss_fn)(model, x[start:start + 30], y[start:start + 30])
        optimizer.update(model, grads)
        print(float(loss))

train()
"""


def seen(tmp_path, source: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Status and words of the rung `update`, and its findings with their lines' text."""
    file = tmp_path / "mine.py"
    file.write_text(source, encoding="utf-8")
    report = refkit.compare(str(file), "mlp", only="update")
    rung = next(rung for rung in report.rungs if rung.name == "update")
    lines = source.splitlines()
    return rung.status, rung.reason, [(finding.id, lines[finding.line - 1].strip()) for finding in report.findings]


def test_a_step_that_wants_what_only_the_data_gives(tmp_path):
    status, reason, findings = seen(tmp_path, WEIGHTED)
    assert (status, findings) == ("pass", []) and "moves 4 parameters" in reason


def test_and_what_is_wrong_about_it(tmp_path):
    wrong = WEIGHTED.replace("return optax.apply_updates(params, updates), opt_state", "return params, opt_state")
    assert seen(tmp_path, wrong)[2] == [("parameters-not-updated", "return params, opt_state, loss")]


def test_a_method_that_keeps_its_state_in_its_object(tmp_path):
    status, reason, findings = seen(tmp_path, TRAINER)
    assert (status, findings) == ("pass", []) and "moves 4 parameters" in reason


def test_such_a_method_whose_optimizer_begins_anew(tmp_path):
    anew = "self.tx.init(self.params)"
    findings = seen(tmp_path, TRAINER.replace("update(grads, self.opt_state,", f"update(grads, {anew},"))[2]
    assert [id for id, _ in findings] == ["optimizer-state-reset"]


def test_an_epoch_that_is_one_scan(tmp_path):
    status, reason, findings = seen(tmp_path, SCANNED)
    assert (status, findings) == ("pass", []) and "moves 4 parameters" in reason


def test_a_loop_at_the_top_of_the_file_that_has_no_step(tmp_path):
    status, reason, findings = seen(tmp_path, INLINE)
    assert (status, findings) == ("pass", []) and "moves 4 parameters" in reason


def test_and_where_its_update_is_dropped(tmp_path):
    wrong = INLINE.replace("params = optax.apply_updates(params, updates)", "optax.apply_updates(params, updates)")
    assert seen(tmp_path, wrong)[2] == [("parameters-not-updated", "optax.apply_updates(params, updates)")]


def test_such_a_loop_in_a_function_with_objects(tmp_path):
    status, reason, findings = seen(tmp_path, OBJECTS)
    assert (status, findings) == ("pass", []) and "moves 4 parameters" in reason


def test_a_step_that_raises_on_what_the_program_hands_it(tmp_path):
    adding = "    x = x + np.asarray(y)[:, None]\n    def weighted(params):"
    wrong = WEIGHTED.replace("    def weighted(params):", adding)
    status, _, findings = seen(tmp_path, wrong)
    assert (status, findings) == ("fail", [(None, "x = x + np.asarray(y)[:, None]")])
