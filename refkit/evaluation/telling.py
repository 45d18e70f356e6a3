"""A decomposition in words: the errors, the terms, what cannot be told, and what to work on first."""

from refkit.evaluation.decomposition import Decomposition
from refkit.evaluation.figures import decimals_of, figure, interval_figure, term_figure
from refkit.evaluation.stages import IRREDUCIBLE, PROBLEMS
from refkit.evaluation.unknown import unknown
from refkit.evaluation.verdict import CHANCE, CHOSEN, Verdict

HEADS = {CHOSEN: "work first on ", CHANCE: "nothing to work on is seen: "}


def tell(parts: Decomposition, verdict: Verdict, draws: int, notes: list[str] = []) -> str:
    """The whole text, without the next thing to do.

    Args:
        draws: of the bootstrap.
        notes: one clause each, such as where the irreducible error is from.
    """
    places = decimals_of(parts)
    drawn = any(stage.draws is not None for stage in parts.stages)
    head = f"errors are {parts.unit}, the lower the better"
    lines = [head + (f"; 95 % intervals by {draws} bootstrap draws of the examples" if drawn else ""), ""]
    rows = [("split", "examples", "error", "interval" if drawn else "")]
    rows += [
        (
            stage.name,
            "" if stage.examples is None else str(stage.examples),
            figure(stage.error, places),
            interval_figure(stage.interval, places),
        )
        for stage in parts.stages
    ]
    lines += aligned(rows) + [""]
    last = parts.last
    rows = [("term", "error", "interval" if drawn else "", "")]
    rows += [
        (term.name, term_figure(term, places), interval_figure(term.interval, places), problem(term.names))
        for term in parts.terms
    ]
    rows.append((f"= {last.name} error", figure(last.error, places), "", ""))
    lines += aligned(rows) + [""]
    lines += [f"note: {note}" for note in notes]
    lines += [f"cannot be told: {clause}" for clause in unknown(parts)]
    lines.append(f"{HEADS.get(verdict.kind, 'what to work on first cannot be told: ')}{verdict.words}")
    return "\n".join(lines)


def problem(names: tuple[str, ...]) -> str:
    if len(names) > 1 or names[0] == IRREDUCIBLE:
        return ""
    return PROBLEMS[names[0]] if PROBLEMS[names[0]] != names[0] else ""


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell; figures to the right, words to the left."""
    rows = list(zip(*(column for column in zip(*rows) if any(column[1:]))))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    right = [k > 0 and all(not row[k] or row[k][-1].isdigit() for row in rows[1:]) for k in range(len(widths))]
    return [
        "  ".join(cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right)).rstrip()
        for row in rows
    ]
