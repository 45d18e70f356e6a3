"""A sample of the hand-written programs, right and with planted bugs: no false alarm, every bug found, on its line.

The sample is another one every week; `REFKIT_SAMPLE_SEED=2026-47` draws that of a week again. What is known not to be found,
or not on its line or by its name, is in `known_gaps.txt` and left out here, not in the table: all of the set is run by
`python scripts/benchmark.py detection`.
"""

import datetime
import functools
import os
import random

import pytest

from tests.programs import measure

SEED = os.environ.get("REFKIT_SAMPLE_SEED") or "{0}-{1}".format(*datetime.date.today().isocalendar())
UNTIL = "gradients"
SIZE = 4
MOST_WRONG_LINES = 1
RIGHT, WRONG = measure.correct_cases(), measure.bug_cases()
LEFT_OUT = set((measure.HERE / "known_gaps.txt").read_text("utf-8").split())


def sample(cases: list[measure.Case], kind: str) -> list[measure.Case]:
    """Cases of this run, each reference as often as any other; those for later rungs are sampled by the tests of those."""
    cases = [case for case in cases if not case.rung]
    generator = random.Random(f"{SEED} {kind}")
    return [
        case
        for reference in measure.REFERENCES
        for case in generator.sample(
            [case for case in cases if case.name.startswith(f"{reference}/") and case.name not in LEFT_OUT],
            SIZE // len(measure.REFERENCES),
        )
    ]


CORRECT, PLANTED = sample(RIGHT, "correct"), sample(WRONG, "planted")


@functools.cache
def judged(case: measure.Case) -> dict:
    return measure.run_case(case, UNTIL)


@pytest.mark.parametrize("case", CORRECT, ids=lambda case: case.name)
def test_a_right_program_is_the_same(case):
    result = judged(case)
    assert "error" not in result, result["error"]
    assert result["verdict"] == "same", [finding for finding in result["findings"] if finding["kind"] != "choice"]


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.name)
def test_a_planted_bug_is_detected(case):
    result = judged(case)
    assert "error" not in result, result["error"]
    assert result["detected"], f"`{case.id}` in {case.name} passes as the same"


def test_planted_bugs_are_found_on_their_lines():
    results = [judged(case) for case in PLANTED]
    wrong = [result for result in results if not result.get("line")]
    missed = [(result["name"], result.get("accepted"), result.get("findings", result.get("error"))) for result in wrong]
    assert len(wrong) <= MOST_WRONG_LINES, missed


def test_every_planted_edit_applies_and_leaves_an_accepted_line():
    for case in WRONG:
        assert case.accepted(case.source), f"{case.name}: none of {case.lines} is in the edited program"


def test_every_known_gap_is_a_case():
    assert LEFT_OUT <= {case.name for case in (*RIGHT, *WRONG)}


def test_every_program_has_a_name_of_its_own():
    names = [case.name for case in (*RIGHT, *WRONG)]
    assert len(set(names)) == len(names)
