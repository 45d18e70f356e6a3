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
