"""The rung `data` on small files: what it names, on which line, and what it lets pass."""

import numpy as np
import pytest

import refkit
from refkit.probes.tagged_identity import identify

MODEL = """
import jax
import jax.numpy as jnp
import numpy as np


def init_params(key):
    k1, k2 = jax.random.split(key)
    return {"w1": jax.random.normal(k1, (30, 64)) * 0.25, "b1": jnp.zeros(64),
            "w2": jax.random.normal(k2, (64, 2)) * 0.17, "b2": jnp.zeros(2)}


def forward(params, x):
    return jax.nn.relu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

"""
RIGHT = {
    "whole batches, another remainder in each epoch": """
def batches(x, y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    for rows in order[: len(x) // batch_size * batch_size].reshape(-1, batch_size):
        yield x[rows], y[rows]
""",
    "a batch drawn at random": """
def get_batch(x, y, batch_size, rng):
    rows = rng.integers(0, len(x), batch_size)
    return x[rows], y[rows]
""",
    "statistics handed over": """
def normalize(x, mean=None, std=None):
    if mean is None:
        mean, std = x.mean(0), x.std(0)
    return (x - mean) / (std + 1e-8)
""",
    "scaled to the unit interval": """
def preprocess(x, x_train):
    low, high = x_train.min(0), x_train.max(0)
    return (x - low) / np.maximum(high - low, 1e-8)
""",
    "stratified": """
def split(x, y, seed=0):
    from sklearn.model_selection import train_test_split
    return train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)
""",
}
WRONG = {
    "divided-by-variance": (
        """
def preprocess(x, x_train):
    mean, var = x_train.mean(0), x_train.var(0)
    return (x - mean) / (var + 1e-8)
""",
        "var = x_train",
    ),
    "labels-shuffled": (
        """
def batches(x, y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    for i in range(0, len(x), batch_size):
        yield x[order[i : i + batch_size]], y[i : i + batch_size]
""",
        "yield",
    ),
    "data-truncated": (
        """
def batches(x, y, batch_size):
    for i in range(0, len(x) - batch_size + 1, batch_size):
        yield x[i : i + batch_size], y[i : i + batch_size]
""",
        "for i in range",
    ),
    "test-in-train": (
        """
def split(x, y, seed=0):
    order = np.random.default_rng(seed).permutation(len(x))
    train, test = order[: len(x) * 9 // 10], order[len(x) // 2 :]
    return x[train], y[train], x[test], y[test]
""",
        "train, test =",
    ),
    "statistics-from-test": (
        """
def load_data():
    from sklearn.datasets import load_breast_cancer
    x, y = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    return (x[:400], y[:400]), (x[400:], y[400:])
""",
        "x = (x - x.mean",
    ),
}


def compared(tmp_path, text: str):
    file = tmp_path / "mine.py"
    file.write_text(MODEL + text, encoding="utf-8")
    return refkit.compare(str(file), "mlp", only="data"), (MODEL + text).splitlines()


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_a_right_part_passes(tmp_path, text):
    report, _ = compared(tmp_path, text)
    assert [rung.status for rung in report.rungs] == ["pass"], (report.rungs, report.findings)


@pytest.mark.parametrize("id", WRONG)
def test_a_wrong_part_is_named_on_its_line(tmp_path, id):
    report, lines = compared(tmp_path, WRONG[id][0])
    finding = report.findings[0]
    assert finding.id == id
    assert WRONG[id][1] in lines[finding.line - 1]


def test_a_file_without_parts_says_what_it_lacks(tmp_path):
    report, _ = compared(tmp_path, "")
    assert report.rungs[0].status == "not-run"
    assert "--preprocess NAME" in report.rungs[0].reason and "--batches NAME" in report.rungs[0].reason


@pytest.mark.parametrize("rows", [np.arange(9)[::-1], np.array([3, 1, 1, 8])], ids=["all of them", "some, one twice"])
def test_examples_are_known_whatever_their_scale(rows):
    raw = np.random.default_rng(0).normal(size=(9, 20)) * np.linspace(0.01, 90, 20)
    found = identify(raw, raw[rows] / raw.std(axis=0) - 3)
    assert found.rows.tolist() == rows.tolist()


def test_what_is_none_of_the_examples_is_not_known():
    rng = np.random.default_rng(0)
    assert identify(rng.normal(size=(9, 20)), rng.normal(size=(9, 20))) is None


def test_a_load_is_judged_beside_a_split_of_its_own(tmp_path):
    text = """
def split(x, y, seed=0):
    order = np.random.default_rng(seed).permutation(len(x))
    test, train = np.split(order, [len(x) // 5])
    return (x[train], y[train]), (x[test], y[test])


def load_data():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    x = np.where(x == 0, np.nan, x)
    return split(x.astype(np.float32), y)
"""
    report, _ = compared(tmp_path, text)
    assert [finding.id for finding in report.findings] == ["nan-in-data"]
    assert "np.nan" in report.findings[0].source
