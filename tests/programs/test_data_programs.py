"""A sample of the programs with bugs planted in what they do to their data, and of those without: the rung `data` alone."""

import random

import pytest

from tests.programs import measure
from tests.programs.test_programs import LEFT_OUT, SEED

RUNG, SIZE = "data", 4
CASES = {
    kind: [case for case in cases if case.rung == RUNG and case.name not in LEFT_OUT]
    for kind, cases in (("right", measure.correct_cases()), ("wrong", measure.bug_cases()))
}
RIGHT, WRONG = (random.Random(f"{SEED} {RUNG} {kind}").sample(CASES[kind], SIZE) for kind in CASES)


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_a_right_program_passes(case):
    result = measure.run_case(case, "")
    assert "error" not in result, result["error"]
    assert result["findings"] == []


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name)
def test_a_planted_bug_is_detected(case):
    result = measure.run_case(case, "")
    assert "error" not in result, result["error"]
    assert result["detected"], f"`{case.id}` in {case.name} passes"
