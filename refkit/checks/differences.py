"""From a difference of the diagnosis to a finding of the report."""

import linecache

import numpy as np

from refkit.alignment.matching import Alignment
from refkit.alignment.tolerance import allowed
from refkit.checks.known import known_bug
from refkit.diagnosis.blame import statement_lines
from refkit.diagnosis.difference import Difference, site_to_blame
from refkit.diagnosis.elements import element_site
from refkit.diagnosis.healing import laid_out
from refkit.diagnosis.numerics import Overflow
from refkit.diagnosis.signs import sign_of
from refkit.edits.catalogue import find_bug, find_choice
from refkit.report.finding import Candidate, Finding, Side
from refkit.tracing.trace import Site, Trace

ENDS_HERE = "your program ends with this value, and the reference goes on from it: what follows there is left out here"
NOWHERE = "this value occurs nowhere in the reference, and no known bug or choice reproduces it"


def finding_of(difference: Difference, rung: str, reference: str) -> Finding:
    """One difference as the report has it.

    Args:
        rung: the rung that caught it.
        reference: the reference's name.
    """
    alignment = difference.before.alignment
    yours = alignment.yours
    place = place_of(yours, difference.node) or model_place(difference)
    if difference.site is not None:
        place |= {"file": difference.site.file, **statement_of(difference.site)}
    compared = comparison(difference)
    candidate = difference.candidate
    common = dict(rung=rung, **place, **compared)
    candidates = tuple(Candidate(id, distance) for id, distance in difference.rivals)
    sign = sign_of(alignment, unused_shapes(difference)) if candidate is None else None
    if sign is not None:
        bug = find_bug(sign)
        site = site_to_blame(bug, difference.before, difference.node)
        if site is not None:
            common |= {"file": site.file, **statement_of(site)}
        return known_bug(id=sign, candidates=(Candidate(sign, 0.0), *candidates), **common)
    if candidate is None and compared.get("max_abs", np.inf) <= compared.get("allowed", 0.0):
        common = {name: value for name, value in common.items() if name not in ("max_abs", "max_rel", "allowed")}
        return Finding(
            kind="unexplained",
            message=ENDS_HERE,
            candidates=candidates,
            help="add the layers that the reference has behind it",
            **common,
        )
    if candidate is None:
        message = not_finite(alignment) or NOWHERE
        return Finding(
            kind="unexplained",
            message=message,
            candidates=candidates,
            help="compare this line with the reference's beside it",
            **common,
        )
    if candidate.kind == "choice":
        what = find_choice(reference, candidate.id).what
        return Finding(kind="choice", id=candidate.id, message=f"{candidate.id}={candidate.value}: {what}", **common)
    where = f", {candidate.value}" if candidate.value else ""
    mend = help_of(find_bug(candidate.id).mend, difference)
    return known_bug(id=candidate.id, where=where, candidates=candidates, help=mend, **common)


def once(findings: list[Finding]) -> list[Finding]:
    """Without those that say of one line what another has said: a layer that is wrong in the same way at every call.

    Where parameters were closed over, everything behind them departs, too: that is no further difference.
    """
    kept: dict[tuple, Finding] = {}
    closed = any(finding.id == "stale-closure" for finding in findings)
    for finding in findings:
        if closed and finding.kind == "unexplained":
            continue
        kept.setdefault((finding.kind, finding.id, finding.file, finding.line or len(kept)), finding)
    return list(kept.values())


def not_finite(alignment: Alignment) -> str:
    """That yours has values that are not finite, and on which line first; empty where it has none of its own."""
    trace = alignment.yours
    for node in range(len(trace)):
        value = trace.values[node]
        if (
            not alignment.relevant[node]
            or not trace.data[node]
            or value.dtype.kind != "f"
            or alignment.matched[node] >= 0
        ):
            continue
        if not np.isfinite(value).all():
            kind = "nan" if np.isnan(value).any() else "inf"
            where = "" if trace.sites[node] is None else f" from line {trace.sites[node].line} on"
            return f"this value is not finite: on valid input it holds {kind}{where}, where the reference's is finite"
    return ""


def unused_shapes(difference: Difference) -> list[tuple[int, ...]]:
    """Shapes of parameters that the program takes and never touches."""
    yours, alignment = difference.before.yours, difference.before.alignment
    fed = [alignment.relevant[alignment.yours.arguments[place]] for place in yours.places]
    left = [*yours.unused, *(place for place, used in zip(yours.places, fed) if not used)]
    return [tuple(yours.shapes[k].shape) for k in left]


def help_of(mend: str, difference: Difference) -> str:
    """The mend, and the place before where something was left out there."""
    yours = difference.before.alignment.yours
    here = yours.sites[difference.node]
    if "missing" not in difference.candidate.id and "omitted" not in difference.candidate.id:
        return mend
    for parent in reversed(yours.parents[difference.node]):
        site = yours.sites[parent]
        if site is not None and yours.data[parent] and here is not None and site.line != here.line:
            return f"{mend} (the value comes from line {site.line})"
    return mend


def model_place(difference: Difference) -> dict:
    """Where the model, or the element of it, is bound, for a model that leaves no line of the file on the stack."""
    implementation = difference.before.yours.implementation
    element = element_site(difference.before.yours, difference.before.alignment.yours, difference.node)
    if element is not None:
        return {"file": element.file, "line": element.line, "end_line": element.end_line, "source": text_of(element)}
    return (
        {"file": implementation.file, **statement_at(implementation.file, implementation.line)}
        if implementation.line
        else {}
    )


def text_of(site: Site) -> str:
    lines = linecache.getlines(site.file)[site.line - 1 : site.end_line]
    return "\n".join(line.rstrip() for line in lines).strip()


def place_of(trace: Trace, node: int) -> dict:
    """File, lines, source and time step of a node."""
    site = trace.sites[node]
    if site is None:
        return {}
    times = trace.times[node]
    return {"file": site.file, **statement_of(site), "time_step": times[-1] if times else None}


def statement_of(site: Site) -> dict:
    """First and last line of the statement, or of the element of a list, at a site, and its text."""
    if site.listed:
        return {"line": site.line, "end_line": site.end_line, "source": text_of(site)}
    return statement_at(site.file, site.line)


def statement_at(file: str, number: int) -> dict:
    """First and last line of the statement around a line, and its text."""
    text = "".join(linecache.getlines(file))
    try:
        line, end_line = statement_lines(text, number)
    except SyntaxError:
        line = end_line = number
    source = "\n".join(part.rstrip() for part in text.splitlines()[line - 1 : end_line]).strip()
    return {"line": line, "end_line": end_line, "source": source}


def comparison(difference: Difference) -> dict:
    """Both values, and how far they are apart."""
    alignment = difference.before.alignment
    mine = alignment.yours.values[alignment.departure]
    found = {"yours": side_of(alignment.yours, alignment.departure)}
    if difference.target is None:
        return found
    theirs = alignment.reference.values[difference.target]
    site = alignment.reference.sites[difference.target]
    found["reference"] = side_of(
        alignment.reference, difference.target, site.file.removesuffix(" (reference)"), site.line
    )
    largest = float(np.abs(theirs).max()) if theirs.size else 0.0
    found["allowed"] = allowed(largest, alignment.yours.narrow[alignment.departure])
    other = laid_out(theirs, mine.shape)
    if other is not None and np.isfinite(mine).all() and np.isfinite(other).all():
        found["max_abs"] = float(np.abs(mine - other).max())
        found["max_rel"] = found["max_abs"] / largest if largest else None
    return found


def side_of(trace: Trace, node: int, file: str | None = None, line: int | None = None) -> Side:
    value = trace.values[node]
    low = float(value.min()) if value.size else None
    high = float(value.max()) if value.size else None
    return Side(
        str(np.dtype(trace.dtypes[node]) if trace.dtypes[node] is not None else value.dtype),
        tuple(value.shape),
        low,
        high,
        file,
        line,
    )


def overflow_finding(overflow: Overflow, rung: str) -> Finding:
    """A value of yours that is not finite on a probe on which the reference's are."""
    trace, node = overflow.trace, overflow.node
    what = f"on {overflow.probe} this is not finite, and the reference's value is"
    common = dict(rung=rung, yours=side_of(trace, node), **place_of(trace, node))
    if overflow.id is None:
        return Finding(kind="unexplained", message=what, help="guard this operation", **common)
    return known_bug(id=overflow.id, said=what, **common)
