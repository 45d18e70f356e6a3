"""A program that masks the id 0 is probed with padding, and a mask left out is seen."""

import pytest

import refkit
from tests.diagnosis.written import line_with, rewritten, wrong
from tests.programs.measure import HERE

SOURCE = (HERE / "correct" / "lstm" / "jax_tagger_all_steps.py").read_text(encoding="utf-8")


@pytest.fixture
def found(tmp_path):
    def compared(*edits):
        source = rewritten(SOURCE, *edits)
        (tmp_path / "mine.py").write_text(source, encoding="utf-8")
        return source, refkit.compare(str(tmp_path / "mine.py"), "lstm", until="loss")

    return compared


def test_a_mask_is_the_option_that_heeds_ids(found):
    _, report = found()
    assert report.verdict == "same"
    assert report.options["lengths"] == "ids"


@pytest.mark.parametrize("new", ["return jnp.mean(losses)", "return jnp.mean(losses * mask)"])
def test_padding_that_counts_is_named(found, new):
    source, report = found(("return jnp.sum(losses * mask) / jnp.sum(mask)", new))
    (finding,) = wrong(report)
    assert (finding.id, finding.line) == ("padding-in-loss", line_with(source, new))


def test_without_a_mask_there_is_no_padding(found):
    _, report = found(
        ("    mask = (tokens > 0).astype(losses.dtype)\n", ""),
        ("return jnp.sum(losses * mask) / jnp.sum(mask)", "return jnp.mean(losses)"),
    )
    assert report.verdict == "same"
    assert "lengths" not in report.options


LAST = '''"""Sentiment of a review whose end is padded."""
import jax.numpy as jnp
import optax
from flax import nnx


class Sentiment(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.embed = nnx.Embed(20, 12, rngs=rngs)
        self.rnn = nnx.RNN(nnx.LSTMCell(12, 16, rngs=rngs))
        self.head = nnx.Linear(16, 2, rngs=rngs)

    def __call__(self, tokens):
        lengths = jnp.sum(tokens != 0, axis=1)
        states = self.rnn(self.embed(tokens))
        return self.head(states[jnp.arange(len(tokens)), lengths - 1])


def loss_fn(model, tokens, labels):
    return optax.softmax_cross_entropy_with_integer_labels(model(tokens), labels).mean()
'''


@pytest.mark.parametrize(
    ("taken", "id"), [("jnp.arange(len(tokens)), lengths - 1", None), (":, -1", "state-at-padding")]
)
def test_lengths_that_nothing_uses_are_meant(taken, id, tmp_path):
    source = LAST.replace("jnp.arange(len(tokens)), lengths - 1", taken)
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    report = refkit.compare(str(tmp_path / "mine.py"), "lstm", until="loss")
    assert [finding.id for finding in wrong(report)] == ([] if id is None else [id])
    assert report.options["lengths"] == "ids"
