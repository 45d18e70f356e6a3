"""What `--quick` leaves out beside the rungs that train: the bugs that only learning decides."""

import pytest

import refkit
from refkit.edits.catalogue import BUGS
from tests.checks.test_training_run import PROGRAM

MARKED = {  # by the catalogue
    "adam-epsilon",
    "classes-imbalanced",
    "learning-rate-too-high",
    "learning-rate-too-low",
    "regulariser-overwhelms",
}
LEARNING = {
    "classes-imbalanced": ("data", PROGRAM.replace("rng.random(n) < 0.5", "rng.random(n) < 0.97")),
    "learning-rate-too-low": ("update", PROGRAM.replace("p - 0.1 * g", "p - 1e-9 * g")),
}


def test_the_catalogue_marks_them():
    assert {bug.id for bug in BUGS if bug.of_learning} == MARKED


@pytest.mark.parametrize("bug", LEARNING)
def test_quick_leaves_them_out(bug, tmp_path):
    rung, text = LEARNING[bug]
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    found = [refkit.compare(str(file), "mlp", only=rung, quick=quick).findings for quick in (False, True)]
    assert [[finding.id for finding in findings] for findings in found] == [[bug], []]
