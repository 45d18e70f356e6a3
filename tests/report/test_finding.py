"""Verdict and exit status."""

import pytest

from refkit.report.finding import Finding, Report, Rung

BUG = Finding("forward", "bug", "wrong", "missing-activation")
UNEXPLAINED = Finding("forward", "unexplained", "departs")
CHOICE = Finding("forward", "choice", "other", "pool")


@pytest.mark.parametrize(
    "statuses, findings, verdict, status",
    [
        (["pass", "pass"], [], "same", 0),
        (["pass", "choice"], [CHOICE], "same", 0),
        (["pass", "not-run"], [], "same", 0),
        (["pass", "fail"], [BUG], "different", 1),
        (["pass", "fail"], [CHOICE, UNEXPLAINED], "different", 1),
        (["fail", "not-run"], [], "different", 1),
        (["not-run", "not-run"], [BUG], "different", 1),
        (["not-run", "not-run"], [], "could-not-compare", 2),
        ([], [], "could-not-compare", 2),
    ],
)
def test_verdict(statuses, findings, verdict, status):
    rungs = tuple(Rung(f"rung{k}", status) for k, status in enumerate(statuses))
    report = Report("lenet", "my.py", rungs=rungs, findings=tuple(findings))
    assert (report.verdict, report.exit_status) == (verdict, status)


def test_wrong_and_choices_keep_their_order():
    report = Report("lenet", "my.py", findings=(CHOICE, BUG, UNEXPLAINED))
    assert report.wrong == (BUG, UNEXPLAINED)
    assert report.choices == (CHOICE,)
