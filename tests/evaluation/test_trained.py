"""Models that are trained here, or were trained before: their predictions and what is held out."""

import numpy as np
import pytest
from click.testing import CliRunner

from refkit.commands.evaluate import evaluate
from refkit.evaluation.reading import read_predictions
from refkit.evaluation.trained import train_reference

OWN = """
import jax, optax
from flax import nnx

class Net(nnx.Module):
    def __init__(self, rngs):
        self.a, self.b = nnx.Linear(30, 16, rngs=rngs), nnx.Linear(16, 2, rngs=rngs)

    def __call__(self, x):
        return self.b(nnx.relu(self.a(x)))

def loss_fn(model, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()
"""


def run(*words):
    return CliRunner().invoke(evaluate, [str(word) for word in words])


def test_a_reference_is_trained_without_what_it_is_judged_on(tmp_path):
    done = run("mlp", "--epochs", 2, "--save", tmp_path / "p.npz")
    assert done.exit_code == 0, done.stderr
    kept = read_predictions(tmp_path / "p.npz")
    counts = {name: len(rows) for name, rows in kept.splits.items()}
    assert counts == {"train": 365, "train_val": 91, "test": 113}
    again = train_reference("mlp", None, epochs=2).predictions
    assert kept.scores == pytest.approx(again.scores) and (kept.label == again.label).all()
    assert done.stdout.splitlines()[-1].startswith(f"next: python scripts/improve.py {tmp_path / 'p.npz'} ")
    assert done.stdout.splitlines()[-1].endswith(" --data breast_cancer")  # for what cannot be reduced
    rows = [line.split() for line in run(tmp_path / "p.npz").stdout.splitlines()]
    assert all(line.split() in rows for line in done.stdout.splitlines() if line.startswith("train"))


def test_a_model_of_your_own_is_trained_and_said_how(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    done = run(tmp_path / "own.py:Net", "--reference", "mlp", "--epochs", 3)
    assert done.exit_code == 0, done.stderr
    assert "note: trained by the reference's step around your model, since " in done.stdout
    assert "3 epochs of `breast_cancer`" in done.stdout


def test_a_model_that_does_not_fit_the_data_is_one_sentence(tmp_path):
    (tmp_path / "own.py").write_text(OWN.replace("16, 2,", "16, 5,"))
    done = run(tmp_path / "own.py:Net", "--reference", "mlp")
    assert done.exit_code == 2 and done.stderr == (
        f"error: `{tmp_path}/own.py:Net` cannot be trained on `breast_cancer`: your model gives f32[5] for an example, and "
        "`breast_cancer` wants f32[2]\n"
    )


def test_a_function_that_was_trained_before_is_asked(tmp_path):
    (tmp_path / "own.py").write_text("def predict(x):\n    return (x[:, 0] < 0).astype(int)\n")
    done = run(tmp_path / "own.py:predict", "--trained", "--reference", "mlp")
    assert done.exit_code == 0, done.stderr
    from refkit.references import mlp

    (x, labels), (test_x, test_labels) = mlp.load_data()
    wrong = [np.mean((mlp.preprocess(part, x)[:, 0] < 0) != of) for part, of in ((x, labels), (test_x, test_labels))]
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [float(row[2]) for row in rows if row[:1] in (["train"], ["test"])] == pytest.approx(wrong, abs=1e-4)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("def other(x): pass", "has no function `predict`: name the one that answers, as `{file}:predict`"),
        ("1 / 0", "cannot be run: ZeroDivisionError: division by zero"),
        ("def predict(x): raise ValueError('no')", "raises on `breast_cancer`: ValueError: no"),
        ("def predict(x): return x[:3]", "answers 456 examples with (3, 30): give one row an example"),
    ],
)
def test_a_function_that_cannot_be_asked_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "own.py"
    file.write_text(content)
    done = run(f"{file}:predict", "--trained", "--reference", "mlp")
    assert done.exit_code == 2 and done.stderr.endswith(f"{sentence.format(file=file)}\n")
    assert done.stderr.count("\n") == 1
