"""The report for people: one line a rung, the findings, and last the one thing to do next."""

import io
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from refkit.report.finding import Candidate, Finding, Report, Rung
from refkit.report.lines import lines_table
from refkit.report.numerals import describe, short_number
from refkit.report.place import file_and_line, relative_path

STATUS_STYLES = {"pass": "green", "fail": "bold red", "choice": "yellow", "not-run": "dim"}
KIND_STYLES = {"bug": "bold red", "unexplained": "bold magenta"}


def show(report: Report) -> None:
    """Print the report on standard output, in colour if that is a terminal."""
    print_report(report, Console(highlight=False))


def to_text(report: Report) -> str:
    """The report as it comes out of a pipe."""
    console = Console(file=io.StringIO(), highlight=False, force_terminal=False)
    print_report(report, console)
    return console.file.getvalue()


def print_report(report: Report, console: Console) -> None:
    console.print(title(report), soft_wrap=True)
    if report.lines:
        table = lines_table(report.lines, relative_path(report.target), relative_path(report.reference))
        if not console.is_terminal:
            console.width = Console(width=10_000).measure(table).maximum  # nothing is folded in a pipe
        console.print()
        console.print(table)
    for part in parts(report):
        console.print()
        for line in part:
            console.print(line, soft_wrap=True)


def title(report: Report) -> Text:
    options = ",".join(f"{name}={value}" for name, value in report.options.items())
    reference = relative_path(report.reference) + (f":{options}" if options else "")
    framework = f" ({report.framework})" if report.framework else ""
    return Text.assemble((relative_path(report.target), "bold"), f"{framework} beside ", (reference, "bold"))


def parts(report: Report) -> Iterator[list[Text]]:
    """The blocks that empty lines keep apart."""
    width = max((len(rung.name) for rung in report.rungs), default=0)
    yield [rung_line(rung, width) for rung in report.rungs] + [Text(f"note: {note}") for note in report.notes]
    for finding in report.wrong:
        yield list(finding_lines(finding))
    if report.choices:
        yield list(choice_lines(report.choices))
    yield [last_line(report)]


def rung_line(rung: Rung, width: int) -> Text:
    reason = f"  {rung.reason}" if rung.reason else ""
    name = rung.name.ljust(width) if reason else rung.name
    return Text.assemble((f"{rung.status:<7}", STATUS_STYLES[rung.status]), f"  {name}{reason}")


def finding_lines(finding: Finding) -> Iterator[Text]:
    """Place, source, yours / reference / difference / allowed, one note, one help."""
    place = file_and_line(finding.file, finding.line)
    step = "" if finding.time_step is None else f", time step {finding.time_step}"
    kind = (finding.kind, KIND_STYLES[finding.kind])
    yield Text.assemble((f"{place}: " if place else "", "bold"), kind, f" in {finding.rung}{step}")
    if finding.source:
        for number, line in enumerate(finding.source.splitlines(), start=finding.line or 1):
            yield Text.assemble((f"  {number} | " if finding.line else "  | ", "blue"), line)
    if finding.yours:
        yield Text(f"  yours       {describe(finding.yours)}")
    if finding.reference:
        at = file_and_line(finding.reference.file, finding.reference.line)
        yield Text(f"  reference   {describe(finding.reference)}" + (f", {at}" if at else ""))
    if finding.max_abs is not None:
        relative = "" if finding.max_rel is None else f", relative {short_number(finding.max_rel)}"
        yield Text(f"  difference  {short_number(finding.max_abs)}{relative}")
    if finding.allowed is not None:
        yield Text(f"  allowed     {short_number(finding.allowed)}")
    yield Text(f"  note: {finding.message}")
    advice = help_sentence(finding)
    if advice:
        yield Text.assemble(("  help: ", "cyan"), advice)


ALIKE = 1e-6  # distance up to which numbers do not tell two candidates apart


def help_sentence(finding: Finding) -> str:
    """What it looks like, what to do, and what else it could be."""
    if finding.id is None:
        others = other_candidates(finding.candidates, None)
        if finding.help and not has_place(finding) and not others:
            return finding.help
        nearest = f"nothing known reproduces it; nearest {others}" if others else "nothing known reproduces it"
        return "; ".join(filter(None, (finding.help, nearest)))
    alike = other_candidates(tuple(c for c in finding.candidates if c.distance <= ALIKE), finding.id)
    looks = "" if finding.message.startswith("looks like") else f"looks like `{finding.id}`: "
    return f"{looks}{finding.help}" + (f" (the same numbers as {alike})" if alike else "")


def has_place(finding: Finding) -> bool:
    """Whether it has a line, or values that can be looked at; a figure reached has neither."""
    return finding.line is not None or finding.yours is not None


def other_candidates(candidates: tuple[Candidate, ...], named: str | None) -> str:
    return ", ".join(f"`{candidate.id}`" for candidate in candidates if candidate.id != named)


def choice_lines(choices: tuple[Finding, ...]) -> Iterator[Text]:
    """One table: option, place, what was chosen."""
    rows = [(choice.id or choice.rung, file_and_line(choice.file, choice.line), choice.message) for choice in choices]
    name_width, place_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    yield Text("choices, none of them wrong", style="yellow")
    for name, place, message in rows:
        yield Text(f"  {name:<{name_width}}  {place:<{place_width}}  {message}".rstrip())


def last_line(report: Report) -> Text:
    style = {"same": "bold green", "different": "bold red", "could-not-compare": "bold"}[report.verdict]
    return Text.assemble((report.verdict.replace("-", " "), style), f": {next_step(report)}")


def next_step(report: Report) -> str:
    """The one thing to do next."""
    if report.wrong:
        first = report.wrong[0]
        place = file_and_line(first.file, first.line) or f"what `{first.rung}` found"
        if first.kind == "bug" and first.id:
            return f"mend {place}, then compare again (`--explain {first.id}` says more)"
        if first.help and not has_place(first):
            return first.help
        return f"read {place} beside the reference (`--lines` shows both), then compare again"
    if report.verdict == "different":
        failed = next(rung for rung in report.rungs if rung.status == "fail")
        return f"see why `{failed.name}` failed (`--explain {failed.name}` says more)"
    left_out = [rung for rung in report.rungs if rung.status == "not-run"]
    if report.verdict == "could-not-compare":
        return left_out[0].reason if left_out else "no rung was reached"
    if left_out:
        return f"nothing to mend so far; `{left_out[0].name}` was not run: {left_out[0].reason.partition('; ')[0]}"
    return "nothing to mend"
