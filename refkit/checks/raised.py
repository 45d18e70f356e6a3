"""The rung `runs` where the model raises on valid input."""

from refkit.adapters.raised import ModelRaised
from refkit.diagnosis.blame import statement_lines
from refkit.loading import Loaded
from refkit.report.finding import Finding, Report, Rung
from refkit.subjects.subject import Subject


def raised_report(raised: ModelRaised, loaded: Loaded, subject: Subject, given: dict[str, str], reference: str) -> Report:
    """A model that cannot be built or run is a finding, with the line on which it raises."""
    finding = raised_finding(raised, loaded)
    return Report(subject.name, loaded.shown, None, given, (Rung("runs", "fail", finding.message),), (finding,))


def raised_finding(raised: ModelRaised, loaded: Loaded) -> Finding:
    line = end_line = source = None
    if raised.line is not None:
        line, end_line = statement_lines(loaded.source, raised.line)
        source = "\n".join(text.rstrip() for text in loaded.source.splitlines()[line - 1:end_line]).strip()
    error = " ".join(str(raised.error).split())[:400]
    given = f" on {', '.join(raised.inputs)}" if raised.inputs else ""
    message = f"the model raises in its {raised.stage}{given}: {type(raised.error).__name__}: {error}"
    return Finding("runs", "unexplained", message, file=loaded.file, line=line, end_line=end_line, source=source,
                   help="mend this line; if the model is right and takes other inputs, say so with `--kwargs`")
