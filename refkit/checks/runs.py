"""The rung `runs`: the model builds and runs, and a step of its training fits into memory."""

import linecache

from refkit.checks.check import Check, Outcome
from refkit.checks.matter import Matter
from refkit.diagnosis.blame import statement_lines
from refkit.diagnosis.memory import Large, Step, device_memory, largest_values
from refkit.report.finding import Finding, Rung
from refkit.report.numerals import short_type

NAME = "runs"
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def begin(matter: Matter) -> None:
    """Have the step compiled while the other rungs are climbed."""
    matter.step  # noqa: B018: the first use starts it


def run(matter: Matter) -> Outcome:
    raised = matter.loss_raised
    if raised is not None:
        return Outcome(Rung(NAME, "fail", "the loss raises"), (raised,))
    step: Step | None = matter.step
    needs = None if step is None else step.needs()
    if needs is None:
        return Outcome(Rung(NAME, "pass", "builds"))
    said = f"builds; one step on {step.batch} examples needs {in_words(needs)}"
    limit = device_memory()
    if limit is None or needs <= limit:
        return Outcome(Rung(NAME, "pass", said))
    large = largest_values(matter.yours.forward, len(matter.yours.input_values[0]), step.batch)
    finding = too_large(step, needs, limit, large)
    return Outcome(Rung(NAME, "fail", f"{said}, the device has {in_words(limit)}"), (finding,))


def too_large(step: Step, needs: int, limit: int, large: list[Large]) -> Finding:
    fits = step.fitting(limit)
    listed = "; ".join(
        f"line {value.site.line} gives {short_type(value.dtype, value.shape)}, {in_words(value.size)}"
        for value in large
    )
    message = f"one step on {step.batch} examples needs {in_words(needs)}, the device has {in_words(limit)}"
    advice = f"use batches of {fits} at most" if fits else "make the model smaller: not even one example fits"
    return Finding(
        NAME,
        "unexplained",
        f"{message}; the largest values: {listed}" if large else message,
        help=advice,
        **(place_of(large[0]) if large else {}),
    )


def place_of(value: Large) -> dict:
    text = "".join(linecache.getlines(value.site.file))
    try:
        line, end_line = statement_lines(text, value.site.line)
    except SyntaxError:
        line, end_line = value.site.line, value.site.end_line
    source = "\n".join(part.rstrip() for part in text.splitlines()[line - 1 : end_line]).strip()
    return {"file": value.site.file, "line": line, "end_line": end_line, "source": source}


def in_words(size: float) -> str:
    """Bytes as a person says them.

    >>> in_words(4_100_000)
    '4.1 MB'
    """
    for unit in UNITS[:-1]:
        if size < 1000:
            break
        size /= 1000
    else:
        unit = UNITS[-1]
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 99.5 else f"{size:.2g} {unit}"


RUNS = Check(
    NAME,
    compares="nothing yet: it builds the model, runs it by shapes, and asks XLA what memory one training step needs",
    catches="shapes that do not go together, wrong axes that raise, values too large for the device",
    looks_like="an error from deep inside a library, or an allocation that fails",
    fix="the named line is the innermost of your own; compare the shapes before it with the reference's",
    run=run,
    begin=begin,
)
