"""The records that a comparison ends in."""

import dataclasses

RUNG_STATUSES = ("pass", "fail", "choice", "not-run")
KINDS = ("bug", "choice", "unexplained")


@dataclasses.dataclass(frozen=True)
class Side:
    """One program's value where the two depart.

    Args:
        dtype: `float32`.
        shape: `(7, 10, 10, 16)`.
        min: smallest element; None where it is not known.
        max: largest element; None where it is not known.
        file: where the value is made; None for the side whose place the finding itself has.
        line: 1-based.
    """

    dtype: str
    shape: tuple[int, ...]
    min: float | None = None
    max: float | None = None
    file: str | None = None
    line: int | None = None


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A known bug that could be this one: its id, and how far its value is from the user's (0 reproduces it)."""

    id: str
    distance: float


@dataclasses.dataclass(frozen=True)
class Finding:
    """One difference.

    Args:
        rung: the rung that caught it first.
        kind: `bug`, `choice` or `unexplained`.
        message: what is wrong, for a choice what the user has chosen; lower case, one sentence without full stop.
        id: of the catalogue for a bug, the option's name for a choice, None for what nothing reproduces.
        candidates: nearest first; the first is `id` where there is one.
        file: absolute or as the user typed it; None where the finding has no place (a metric, a curve).
        line: first line of the user's own statement, 1-based.
        end_line: last line of that statement.
        source: the statement's text.
        time_step: in a recurrence, the first step that departs, from 0.
        yours: the user's value.
        reference: the reference's value.
        max_abs: largest absolute difference over elements.
        max_rel: largest difference relative to the reference's largest element.
        allowed: the largest difference that would have passed, in the unit of `max_abs`.
        help: what to do, in the imperative; for something left out it names the place before, too.
    """

    rung: str
    kind: str
    message: str
    id: str | None = None
    candidates: tuple[Candidate, ...] = ()
    file: str | None = None
    line: int | None = None
    end_line: int | None = None
    source: str | None = None
    time_step: int | None = None
    yours: Side | None = None
    reference: Side | None = None
    max_abs: float | None = None
    max_rel: float | None = None
    allowed: float | None = None
    help: str = ""


@dataclasses.dataclass(frozen=True)
class Rung:
    """How one rung ended: `pass`, `fail`, `choice` or `not-run`, and in a few words why."""

    name: str
    status: str
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class LinePair:
    """A line of the user's beside the reference's, for `--lines`.

    Args:
        line: of the user's file; None where the reference has a line that nothing of the user's matches.
        source: its text.
        reference_line: None where nothing of the reference matches.
        reference_source: its text.
        shape: of the user's value, or of the reference's where the user has none.
        dtype: likewise.
        agree: whether the two values agree; None where there is nothing to compare.
    """

    line: int | None
    source: str
    reference_line: int | None = None
    reference_source: str = ""
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    agree: bool | None = None


@dataclasses.dataclass(frozen=True)
class Report:
    """All that one comparison found.

    Args:
        reference: `lenet`, or the user's own `file.py:Name`.
        target: `my_lenet.py:LeNet`.
        framework: `nnx`, `linen`, `jax`, `implementation`; None where no model was reached.
        options: of the reference, as given and as found.
        rungs: in the order of the ladder.
        findings: in the order found.
        notes: sentences on what was assumed ("the image is handed over as NCHW").
        lines: both programs side by side, where asked for.
    """

    reference: str
    target: str
    framework: str | None = None
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    rungs: tuple[Rung, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[LinePair, ...] = ()

    @property
    def verdict(self) -> str:
        """`different` outranks `could-not-compare`, and that `same`: nothing compared is never the same."""
        if self.wrong or any(rung.status == "fail" for rung in self.rungs):
            return "different"
        if all(rung.status == "not-run" for rung in self.rungs):
            return "could-not-compare"
        return "same"

    @property
    def exit_status(self) -> int:
        """0 the same or only choices, 1 a bug or something unexplained, 2 nothing could be compared."""
        return {"same": 0, "different": 1, "could-not-compare": 2}[self.verdict]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that are no choice."""
        return tuple(finding for finding in self.findings if finding.kind != "choice")

    @property
    def choices(self) -> tuple[Finding, ...]:
        """The findings that are."""
        return tuple(finding for finding in self.findings if finding.kind == "choice")
