"""The rung `metric`: what scores is put to the test with answers that are known."""

from pathlib import Path

import numpy as np
import pytest

import refkit
from refkit.scoring.reading import form_of, numbers
from tests.programs import measure

PROGRAMS = Path(__file__).resolve().parents[1] / "programs" / "correct"
PROGRAM = "mlp/scratch_scores.py"
PLANTED = (  # what stands in the program, what is written there instead, the bug that it is
    ("np.concatenate(hits).mean()", "hits[-1].mean()", "last-batch-only"),
    ("np.concatenate(hits).mean()", "np.concatenate(hits).sum() / (len(hits) * BATCH_SIZE)", "divided-by-padded-count"),
    ("np.concatenate(hits).mean()", "np.mean([part.mean() for part in hits])", "mean-of-batch-means"),
    ("jnp.argmax(forward(params, xb), axis=1)", "jnp.argmax(forward(params, xb), axis=0)", "argmax-over-batch"),
    ("accuracy(params, X_test, y_test)", "accuracy(params, X_train, y_train)", "evaluated-on-train"),
)


def compared(text: str, tmp_path):
    file = tmp_path / "scored.py"
    file.write_text(text, encoding="utf-8")
    return refkit.compare(str(file), "mlp", only="metric")


def test_a_right_metric_passes():
    report = refkit.compare(str(PROGRAMS / PROGRAM), "mlp", only="metric")
    (rung,) = report.rungs
    assert rung.status == "pass"
    assert rung.reason == "`accuracy`, `error_count` right on every set of examples"


@pytest.mark.parametrize(("old", "new", "bug"), PLANTED, ids=[bug for _, _, bug in PLANTED])
def test_a_planted_bug_is_named_on_its_line(old, new, bug, tmp_path):
    text = (PROGRAMS / PROGRAM).read_text(encoding="utf-8")
    assert text.count(old) == 1
    report = compared(text.replace(old, new), tmp_path)
    (finding,) = report.findings
    assert (finding.rung, finding.id) == ("metric", bug)
    assert finding.line == text[: text.index(old)].count("\n") + 1


def test_a_model_alone_is_not_run():
    report = refkit.compare(str(PROGRAMS / "mlp" / "elu_by_hand.py"), "mlp", only="metric")
    (rung,) = report.rungs
    assert (rung.status, rung.reason) == ("not-run", "no metric found: name it with `--metric NAME`")


@pytest.mark.parametrize("scale", [1, 100])
def test_a_share_may_be_written_in_many_ways(scale):
    shares, counts = (9 / 13, 7 / 18), (13, 18)
    assert form_of([scale * share for share in shares], shares, counts) in ("share right", "percent right")
    assert form_of([scale * (1 - share) for share in shares], shares, counts) in ("share wrong", "percent wrong")
    assert form_of([9, 7], shares, counts) == "number right"
    assert form_of([0.6, 0.4], shares, counts) is None


def test_numbers_are_read_out_of_what_a_metric_returns():
    found = numbers({"accuracy": np.float32(0.5), "hits": np.array([True, False, True, True]), "text": "12.5 %"})
    assert found == {"accuracy": 0.5, "hits": 0.75, "text": 12.5}


def test_bugs_of_this_rung_are_planted():
    planted = [case for case in measure.bug_cases() if case.rung == "metric"]
    assert len(planted) >= 50
