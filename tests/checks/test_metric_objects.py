"""Metrics that are objects, however an evaluation comes by them; and those that compare one-hot rows."""

import pytest

from tests.checks.test_training_run import PROGRAM, compared

HELD = (
    PROGRAM[: PROGRAM.index("class Counter")]
    + """
class Accuracy:
    def __init__(self):
        self.reset_state()

    def reset_state(self):
        self.total, self.count = 0.0, 0

    def update_state(self, labels, logits):
        self.total += float((logits.argmax(-1) == labels).sum())
        self.count += len(labels)

    def result(self):
        return self.total / max(self.count, 1)


def make_metric():
    return Accuracy()


"""
    + PROGRAM[PROGRAM.index("def loss_fn") : PROGRAM.index("def evaluate")]
    + """
def evaluate(params, data, metric, batch_size=20):
    metric.reset_state()
    x, y = data
    for k in range(0, len(x), batch_size):
        metric.update_state(y[k : k + batch_size], forward(params, x[k : k + batch_size]))
    return metric.result()


def fit(params, metric, x, y, test_data):
    rng = np.random.default_rng(0)
    for epoch in range(8):
        for xb, yb in batches(x, y, 32, rng):
            params, loss = train_step(params, xb, yb)
        print(epoch, loss, evaluate(params, test_data, GIVEN))


def main():
    metric = MADE
    fit(init_params(jax.random.key(0)), metric, *make_data(330, seed=0), make_data(110, seed=1))


if __name__ == "__main__":
    main()
"""
)
WAYS = {
    "handed over": ("Accuracy()", "metric"),
    "made by a function": ("make_metric()", "metric"),
    "in a dict": ('{"accuracy": Accuracy()}', 'metric["accuracy"]'),
}
ONE_HOT = PROGRAM.replace("def evaluate(", "def accuracy(logits, targets):\n    return SCORE\n\n\ndef evaluate(")
RIGHT = "jnp.mean(jnp.argmax(logits, axis=1) == jnp.argmax(targets, axis=1))"


@pytest.mark.parametrize(("made", "given"), WAYS.values(), ids=WAYS)
def test_an_object_that_is_never_cleared(made, given, tmp_path):
    right = HELD.replace("MADE", made).replace("GIVEN", given)
    assert compared(tmp_path, right, "metric").findings == ()
    findings = compared(tmp_path, right.replace("    metric.reset_state()\n", ""), "metric").findings
    assert [finding.id for finding in findings] == ["metric-not-reset"]


@pytest.mark.parametrize("axis", ["axis=0", ""])
def test_the_largest_over_the_examples_of_one_hot_rows(axis, tmp_path):
    assert compared(tmp_path, ONE_HOT.replace("SCORE", RIGHT), "metric").findings == ()
    text = ONE_HOT.replace("SCORE", RIGHT.replace(", axis=1", f", {axis}" if axis else ""))
    findings = compared(tmp_path, text, "metric").findings
    assert [finding.id for finding in findings] == ["argmax-over-batch"]
    assert "jnp.argmax(targets" in text.splitlines()[findings[0].line - 1]
