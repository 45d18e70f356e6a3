"""Both programs line by line: every line of yours that computed a value beside the reference's, and whether they agree."""

import dataclasses
import difflib
import functools
import linecache
from collections.abc import Callable, Iterator

from refkit.alignment.matching import Alignment
from refkit.checks.matter import Matter
from refkit.checks.raised import text_at
from refkit.diagnosis.aligned import Aligned
from refkit.diagnosis.bench import Side
from refkit.diagnosis.blame import LAYOUT, statement_lines
from refkit.diagnosis.difference import Difference
from refkit.diagnosis.setting import Setting
from refkit.report.finding import LinePair
from refkit.tracing.trace import Site, Trace

Place = tuple[str, int]
NO_STEPS = ("argument", "literal", "slice-of-scan", "stack-of-scan")


@dataclasses.dataclass
class Row:
    """A line of yours.

    Args:
        place: file and first line of the statement.
        node: of yours, the last that the line gave.
        reference: line of the reference with the same value, or None.
        agree: None where there is nothing to compare.
        looped: whether it, or the reference's line, stands inside a loop.
    """

    place: Place
    node: int
    reference: int | None
    agree: bool | None
    looped: bool


def line_pairs(matter: Matter) -> tuple[LinePair, ...]:
    """The table of `--lines`: the forward pass, and the loss where that rung was climbed and could be compared.

    Options that yours shows are chosen; known bugs are not put into the reference, so their lines do not agree.
    """
    final, differences = matter.forward.final, list(matter.forward.differences)
    loss = matter.__dict__.get("loss")
    if loss is not None:
        final, differences = loss.final, differences + list(loss.differences)
    wrong = [found for found in differences if found.candidate is None or found.candidate.kind == "bug"]
    plain = plain_side(matter, final)
    texts = Texts()
    return tuple(merged(your_rows(final, wrong, plain, texts), final, plain, texts))


def plain_side(matter: Matter, final: Aligned) -> Side:
    """The reference with its options and without the bugs."""
    side = matter.bench.side(Setting(final.side.setting.options))
    return side if side is not None and side.can(final.kind) else final.side


class Texts:
    """The text of every file of yours, had once."""

    def __init__(self):
        self.known: dict[str, str] = {}

    def of(self, file: str) -> str:
        if file not in self.known:
            self.known[file] = "".join(linecache.getlines(file))
        return self.known[file]

    def place(self, site: Site) -> Place:
        return site.file, site.line if site.listed else first_line(self.of(site.file), site.line)


@functools.lru_cache(maxsize=8192)
def first_line(source: str, line: int) -> int:
    """First line of the statement around a line."""
    try:
        return statement_lines(source, line)[0]
    except SyntaxError:
        return line


def your_rows(final: Aligned, wrong: list[Difference], plain: Side, texts: Texts) -> list[Row]:
    alignment = final.alignment
    moved = Moved(final.side.reference.source, plain.reference.source)
    rows: dict[Place, list[Row]] = {}
    reached = -1
    for place, nodes in segments(alignment.yours, alignment.relevant, texts.place):
        row, at = row_of(alignment, place, nodes, reached, moved)
        reached = reached if at is None else at
        for known in rows.setdefault(place, []):
            if known.reference == row.reference or known.looped or row.looped or None in (known.agree, row.agree):
                known.agree = (
                    known.agree
                    if row.agree is None
                    else row.agree
                    if known.agree is None
                    else (known.agree and row.agree)
                )
                known.reference = known.reference or row.reference
                break
        else:
            rows[place].append(row)
    for difference in wrong:
        mark(difference, rows, plain, texts)
    return sorted((row for found in rows.values() for row in found), key=lambda row: row.node)


def row_of(
    alignment: Alignment, place: Place, nodes: list[int], reached: int, moved: "Moved"
) -> tuple[Row, int | None]:
    """What the values of one statement come to, and where in the reference the last of them was found."""
    last, looped = nodes[-1], bool(alignment.yours.times[nodes[-1]])
    told = [node for node in nodes if alignment.informative[node]]
    if not told or alignment.matched[told[-1]] < 0:
        agree = False if told and not alignment.ok[told[-1]] else None
        return Row(place, last, None, agree, looped), None
    found = alignment.known.find(alignment.yours.values[told[-1]], alignment.yours.narrow[told[-1]])
    found = [other for other in found if alignment.reference.sites[other] is not None]
    if not found:
        return Row(place, last, None, True, looped), None
    at = next_of(found, reached, alignment.yours.values[told[-1]].shape, alignment.reference)
    looped = looped or bool(alignment.reference.times[at])
    return Row(place, last, moved.line(alignment.reference.sites[at].line), True, looped), at


def next_of(found: list[int], reached: int, shape: tuple[int, ...], reference: Trace) -> int:
    """Of several nodes with one value the next after the one reached, in the same layout if there is one."""
    after = [node for node in found if node > reached]
    alike = [node for node in after if reference.values[node].shape == shape]
    return (alike or after or found[-1:])[0]


def mark(difference: Difference, rows: dict[Place, list[Row]], plain: Side, texts: Texts):
    """The line of a bug does not agree, and beside it stands what the reference has there."""
    site = difference.before.alignment.yours.sites[difference.node]
    same_line = [] if site is None else rows.get(texts.place(site), [])
    if not same_line:
        return
    row = min(same_line, key=lambda row: abs(row.node - difference.node))
    row.agree = False
    if difference.target is not None:
        moved = Moved(difference.before.side.reference.source, plain.reference.source)
        target = difference.before.alignment.reference.sites[difference.target]
        row.reference = moved.line(target.line) or row.reference


def segments(trace: Trace, wanted: list[bool], place_of: Callable[[Site], Place]) -> Iterator[tuple[Place, list[int]]]:
    """Runs of values that one statement gave, in the order of execution."""
    place, nodes = None, []
    for node, site in enumerate(trace.sites):
        if site is None or not wanted[node] or trace.ops[node] in NO_STEPS:
            continue
        here = place_of(site)
        if here != place and nodes:
            yield place, nodes
            nodes = []
        place = here
        nodes.append(node)
    if nodes:
        yield place, nodes


class Moved:
    """Lines of one text of the reference in another that was edited from it, or into it."""

    def __init__(self, source: str, target: str):
        self.target = target
        matcher = difflib.SequenceMatcher(None, source.splitlines(), target.splitlines(), autojunk=False)
        self.blocks = [] if source == target else matcher.get_opcodes()

    def line(self, line: int) -> int | None:
        """First line of the statement in the target; None where it has none for it."""
        if not self.blocks:
            return first_line(self.target, line)
        for tag, a, b, c, d in self.blocks:
            if a < line <= b:
                return None if tag == "delete" else first_line(self.target, c + min(line - a, d - c))
        return None


@dataclasses.dataclass
class Theirs:
    """A line of the reference: what it gave first, and whether it only slices, reshapes or turns."""

    shape: tuple[int, ...]
    dtype: str
    layout: bool


def merged(rows: list[Row], final: Aligned, plain: Side, texts: Texts) -> Iterator[LinePair]:
    """Your rows, and between them the reference's lines that nothing of yours matches, in their places."""
    theirs = reference_lines(plain, final.kind)
    order = {line: k for k, line in enumerate(theirs)}
    seen = covered(final, plain) | {row.reference for row in rows}
    alone = [line for line in theirs if line not in seen and not theirs[line].layout]
    trace = final.alignment.yours
    for row in rows:
        while alone and row.reference in order and order[alone[0]] < order[row.reference]:
            yield reference_pair(alone.pop(0), theirs, plain)
        yield LinePair(
            row.place[1],
            text_at(texts.of(row.place[0]), row.place[1]),
            row.reference,
            "" if row.reference is None else text_at(plain.reference.source, row.reference),
            tuple(trace.values[row.node].shape),
            dtype_name(trace, row.node),
            row.agree,
        )
    for line in alone:
        yield reference_pair(line, theirs, plain)


def reference_lines(plain: Side, kind: str) -> dict[int, Theirs]:
    """The reference's lines that work on the data, in the order of execution."""
    trace, source = plain.run(kind).trace, plain.reference.source
    found: dict[int, Theirs] = {}
    for (_, line), nodes in segments(
        trace, trace.ancestors([trace.outputs[0]]), lambda site: (site.file, first_line(source, site.line))
    ):
        if line not in found and any(trace.data[node] for node in nodes):
            layout = all(trace.ops[node] in LAYOUT for node in nodes)
            found[line] = Theirs(tuple(trace.values[nodes[-1]].shape), dtype_name(trace, nodes[-1]), layout)
    return found


def covered(final: Aligned, plain: Side) -> set[int | None]:
    """The reference's lines that hold some value of yours."""
    moved = Moved(final.side.reference.source, plain.reference.source)
    sites = final.alignment.reference.sites
    lines = {sites[other].line for other in set(final.alignment.matched) if other >= 0 and sites[other] is not None}
    return {moved.line(line) for line in lines}


def reference_pair(line: int, theirs: dict[int, Theirs], plain: Side) -> LinePair:
    return LinePair(None, "", line, text_at(plain.reference.source, line), theirs[line].shape, theirs[line].dtype)


def dtype_name(trace: Trace, node: int) -> str:
    dtype = trace.dtypes[node]
    return str(trace.values[node].dtype if dtype is None else dtype)
