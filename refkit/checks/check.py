"""The record of one rung of the ladder."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from refkit.report.finding import Finding, Rung

if TYPE_CHECKING:
    from refkit.checks.matter import Matter


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a rung ended, and what it found."""

    rung: Rung
    findings: tuple[Finding, ...] = ()


@dataclasses.dataclass(frozen=True)
class Check:
    """One rung.

    Args:
        name: the rung's name in the contract.
        compares: what it puts side by side.
        catches: which bugs.
        looks_like: how such a bug shows in training.
        fix: where to look.
        run: does it.
        begin: starts what goes on while the other rungs are climbed; a rung that has it is run last.
        trains: whether it trains, so that `--quick` leaves it out.
    """

    name: str
    compares: str
    catches: str
    looks_like: str
    fix: str
    run: Callable[["Matter"], Outcome]
    begin: Callable[["Matter"], None] | None = None
    trains: bool = False


def outcome(name: str, findings: list[Finding], passed: str) -> Outcome:
    """`fail` where there is a finding that is no choice, `choice` where there are only choices, else `pass`."""
    wrong = [finding for finding in findings if finding.kind != "choice"]
    if wrong:
        reason = f"{len(wrong)} difference{'s' if len(wrong) > 1 else ''}"
        return Outcome(Rung(name, "fail", reason), tuple(findings))
    if findings:
        listed = ", ".join(finding.id or "" for finding in findings)
        return Outcome(Rung(name, "choice", listed), tuple(findings))
    return Outcome(Rung(name, "pass", passed))


def not_run(name: str, reason: str) -> Outcome:
    return Outcome(Rung(name, "not-run", reason))
