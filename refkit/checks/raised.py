"""The rung `runs` where the model raises on valid input."""

import re
import traceback
from collections.abc import Callable
from typing import Any

from refkit.adapters.raised import ModelRaised
from refkit.checks.known import known_bug
from refkit.diagnosis.blame import statement_lines
from refkit.diagnosis.raised import Beside, Raising, describe_raising, name_raising
from refkit.diagnosis.shapes_by_line import Given, Recorder
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.wording import mentions, statement_text
from refkit.edits.catalogue import find_bug
from refkit.errors import RefkitError
from refkit.loading import Loaded
from refkit.loading.changed_apis import explain
from refkit.loading.failures import lacking
from refkit.report.finding import Finding, LinePair, Report, Rung
from refkit.report.numerals import short_type
from refkit.subjects.subject import Subject
from refkit.tracing.trace import Site

SAID = 3  # lines before the raise that the finding says in words
OTHER_AXIS = re.compile(r"\bvmap\(.*in_axes\s*=\s*[^=]*?-?[1-9]", re.DOTALL)
SQUARED = re.compile(r"squared_error|squared_diff|l2_loss|\bmse|\bsquare\(|\*\*\s*2\b", re.IGNORECASE)
OF_SHAPES = re.compile(r"shape|dtype|rank|dimension|axis|axes|broadcast|\bsizes?\b", re.IGNORECASE)
TRACED = ("TracerArrayConversionError", "TracerIntegerConversionError", "ConcretizationTypeError")
NUMPY_RANDOM = re.compile(r"\b(np|numpy|onp)\.random\.|default_rng\(|RandomState\(|\brng\.\w+\(")
TAKES_OTHERS = "mend this line; if the model is right and takes other inputs, say so with `--kwargs`"


def raised_report(
    raised: ModelRaised, loaded: Loaded, subject: Subject, given: dict[str, str], again: Callable[[], Any] | None
) -> Report:
    """A model that cannot be built or run is a finding, with the line on which it raises.

    Args:
        raised: the attempt that got furthest.
        again: does once more what raised; None where it would not end.
    """
    if (lacks := lacking(raised.error)) is not None:
        raise RefkitError(
            f"the model of `{loaded.shown}` could not be run: {lacks}; install it, or give the value in the file"
        )
    text = str(raised.error)
    recorder = Recorder(loaded.file, loaded.source, lambda seen: seen.error is not None and str(seen.error) == text)
    recording = None if again is None else recorder.listen(again)
    raising = None if recording is None else describe_raising(recording, subject, given)
    finding = raised_finding(raised, loaded, subject, given, raising)
    lines = () if raising is None else line_pairs(raising, loaded, finding)
    rung = Rung("runs", "fail", finding.message.partition(";")[0])
    return Report(subject.name, loaded.shown, None, given, (rung,), (finding,), tuple(loaded.notes), lines)


def raised_finding(
    raised: ModelRaised, loaded: Loaded, subject: Subject, given: dict[str, str], raising: Raising | None
) -> Finding:
    place = place_in(loaded.source, loaded.file, raised.line)
    error = " ".join(str(raised.error).split())[:400]
    inputs = f" on {', '.join(raised.inputs)}" if raised.inputs else ""
    message = f"the model raises in its {raised.stage}{inputs}: {type(raised.error).__name__}: {error}"
    said = "" if raising is None else in_words(raising)
    changed = explain(raised.error, place["source"] or "")
    if changed is not None:
        return Finding("runs", "unexplained", message, help=changed, **place)
    named = None if raising is None else name_raising(raising.recording, subject, given)
    message = f"{message}; {said}" if said else message
    if named is not None:
        bug, edit = named
        return known_bug("runs", bug.id, message, f", {edit.where}", **place)
    if mapped_elsewhere(raised, loaded.source):
        return known_bug("runs", "vmap-on-wrong-axis", message, **place)
    return Finding("runs", "unexplained", message, help=TAKES_OTHERS, **place)


def place_in(source: str, file: str, number: int | None) -> dict[str, Any]:
    """File, lines and text of the statement around a line."""
    if number is None:
        return dict(file=file, line=None, end_line=None, source=None)
    line, end_line = statement_lines(source, number)
    text = "\n".join(part.rstrip() for part in source.splitlines()[line - 1 : end_line]).strip()
    return dict(file=file, line=line, end_line=end_line, source=text)


def mapped_elsewhere(raised: ModelRaised, source: str) -> bool:
    """Whether a function on the way to the raise is mapped over another axis than the first."""
    for frame in traceback.extract_tb(raised.error.__traceback__):
        if frame.filename != raised.file:
            continue
        for line in (frame.lineno, *mentions(source, frame.name)):
            if OTHER_AXIS.search(statement_text(Site(raised.file, line, line))):
                return True
    return False


def loss_finding(raised: ModelRaised, source: str, of_classes: bool) -> Finding | None:
    """A loss that raises on a valid batch; None where the error may come of how it was called.

    Args:
        source: text of the file that it is in.
        of_classes: whether the labels are class ids.
    """
    error = raised.error
    if (
        raised.line is None
        or not isinstance(error, (TypeError, ValueError, AssertionError))
        or not OF_SHAPES.search(str(error))
    ):
        return None
    place = place_in(source, raised.file, raised.line)
    message = f"the loss raises on a batch: {type(error).__name__}: {' '.join(str(error).split())[:400]}"
    bug = find_bug("vmap-on-wrong-axis")
    if "vmap got inconsistent sizes" in message and any(re.search(word, place["source"]) for word in bug.words):
        return known_bug("runs", bug.id, message, **place)
    if of_classes and SQUARED.search(place["source"]):
        return known_bug("runs", "mse-on-class-ids", message, **place)
    return Finding(
        "runs",
        "unexplained",
        message,
        help="compare the shapes that this line takes with what the loss expects",
        **place,
    )


def step_finding(error: Exception, name: str, file: str) -> Finding | None:
    """A train step that raises on what the program itself hands it; None where no line of the user's is on the way."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    if not frames or lacking(error) is not None:
        return None
    place = place_in(source_of(file), file, frames[-1].lineno)
    words = " ".join(str(error).split())[:400]
    message = f"`{name}` raises on the batch that the program hands it: {type(error).__name__}: {words}"
    changed = explain(error, place["source"] or "")
    if changed is None and type(error).__name__ in TRACED and NUMPY_RANDOM.search(place["source"] or ""):
        return known_bug("update", "numpy-random-in-jit", message, **place)
    return Finding("update", "unexplained", message, help=changed or "mend this line: the training ends on it", **place)


def in_words(raising: Raising) -> str:
    """The last lines before the raise and what the reference gives there."""
    return ", ".join(sentence(row) for row in raising.rows[-SAID:] if row.yours is not None)


def sentence(row: Beside) -> str:
    yours = f"line {row.yours.line} gives {type_of(row.yours)}"
    if row.reference is None:
        return yours
    if row.agree:
        return f"{yours} as the reference's line {row.reference.line} does"
    return f"{yours}, the reference's line {row.reference.line} {type_of(row.reference)}"


def type_of(value: Given) -> str:
    return short_type(value.dtype, value.shape)


def line_pairs(raising: Raising, loaded: Loaded, finding: Finding) -> tuple[LinePair, ...]:
    """Both programs by shapes, up to the line that raises."""
    pairs = [line_pair(row, raising, loaded) for row in raising.rows]
    if finding.line is not None:
        pairs.append(line_pair(Beside(Given(finding.line, "", ()), raising.next), raising, loaded))
    return tuple(pairs)


def line_pair(row: Beside, raising: Raising, loaded: Loaded) -> LinePair:
    yours, reference = row.yours, row.reference
    shown = yours if yours is not None and yours.dtype else reference
    return LinePair(
        None if yours is None else yours.line,
        "" if yours is None else text_at(loaded.source, yours.line),
        None if reference is None else reference.line,
        "" if reference is None else text_at(raising.source, reference.line),
        None if shown is None else shown.shape,
        None if shown is None else shown.dtype,
        row.agree if yours is not None and reference is not None else None,
    )


def text_at(source: str, line: int) -> str:
    """A statement on one line, without its comment."""
    start, end = statement_lines(source, line)
    parts = [part.partition("  # ")[0].strip() for part in source.splitlines()[start - 1 : end]]
    return " ".join(part for part in parts if part)
