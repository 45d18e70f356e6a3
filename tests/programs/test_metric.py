"""A sample of the programs of the rung `metric`: no false alarm, every planted bug found and named, as in `test_programs.py`."""

import random

import pytest

from tests.programs import measure
from tests.programs.test_programs import SEED

RUNG = "metric"
RIGHT = [case for case in measure.correct_cases() if case.rung == RUNG]
WRONG = [case for case in measure.bug_cases() if case.rung == RUNG]
CHOSEN = random.Random(f"{SEED} {RUNG}")


@pytest.mark.parametrize("case", CHOSEN.sample(RIGHT, 2), ids=lambda case: case.name)
def test_a_right_program_is_the_same(case):
    result = measure.run_case(case, RUNG)
    assert "error" not in result, result["error"]
    assert result["verdict"] == "same", result["findings"]


@pytest.mark.parametrize("case", CHOSEN.sample(WRONG, 3), ids=lambda case: case.name)
def test_a_planted_bug_is_detected(case):
    result = measure.run_case(case, RUNG)
    assert "error" not in result, result["error"]
    assert result["detected"], f"`{case.id}` in {case.name} passes as the same"
    assert result["three"], result["findings"]
