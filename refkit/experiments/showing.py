"""Known results in words: the listing, README's table, and the line in each reference's docstring."""

import re
from pathlib import Path

from refkit.experiments.protocol import Protocol
from refkit.experiments.protocols import BY_REFERENCE
from refkit.results import store
from refkit.results.chance import CHANCE
from refkit.results.record import HIGHER, Result

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
START, END = "<!-- results -->\n", "<!-- /results -->\n"
LINE = re.compile(r"^Known result: .*$", re.MULTILINE)


def figure(result: Result) -> str:
    """`0.9654 ± 0.0049`: mean and deviation over seeds."""
    summary = result.summary
    unit = f" {result.metric.unit}" if result.metric.unit else ""
    if summary.count == 1:
        return f"{summary.mean:.4g}{unit}"
    return f"{summary.mean:.4g} ± {summary.deviation:.2g}{unit}"


def until_solved(result: Result) -> str:
    """`, solved by 3 of 3 after 281,600 to 313,600 sequences`, where seeds were trained until they were."""
    runs = [run.more for run in result.runs.values() if "sequences" in run.more]
    if not runs:
        return ""
    seen = sorted(run["sequences"] for run in runs if run["solved"])
    after = (
        f" after {seen[0]:,.0f}" + (f" to {seen[-1]:,.0f}" if seen[-1] > seen[0] else "") + " sequences" if seen else ""
    )
    return f", solved by {len(seen)} of {len(runs)}{after}"


def seeds_of(result: Result) -> str:
    count = len(result.runs)
    return f"{count} seed{'s' if count > 1 else ''}"


def in_words(result: Result) -> str:
    """A few lines: the figure, the best baseline, what others report."""
    reached = f"{result.metric.name} {figure(result)} ({seeds_of(result)}){until_solved(result)}"
    lines = [f"{result.reference} on {result.data}: {reached}"]
    best = result.best_baseline
    if best is not None:
        lines.append(f"  best baseline: {best[0]}, {best[1]:.4g}")
    lines += [f"  published: {told.name}, {told.figure:.4g} ({told.sure})" for told in result.published]
    return "\n".join(lines)


def listing(protocols: dict[str, tuple[Protocol, ...]], folder: Path) -> str:
    """Every experiment, with its result where there is one."""
    lines = []
    for reference, several in protocols.items():
        known = store.load(reference, folder)
        for protocol in several:
            result = known.get(protocol.data)
            told = f"{result.metric.name} {figure(result)}, {seeds_of(result)}" if result else "none yet"
            needs = f" (needs {protocol.needs})" if protocol.needs else ""
            lines.append(f"{reference:11} {protocol.data:26} {told}{needs}")
    return "\n".join(lines)


def table(folder: Path = store.FOLDER) -> str:
    """README's table of all known results."""
    rows = [
        "| reference | data | metric | ours, mean ± deviation | seeds | best baseline | published |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for reference, several in BY_REFERENCE.items():
        known = store.load(reference, folder)
        for result in (known[protocol.data] for protocol in several if protocol.data in known):
            best = result.best_baseline
            floor = f"{best[1]:.4g} ({best[0]})" if best else ""
            others = "; ".join(
                f"{told.figure:.4g} ({told.name}{', ' * bool(told.note)}{told.note}; {told.sure})"
                for told in result.published[:2]
            )
            metric = result.metric.name + ("" if result.metric.better == HIGHER else ", lower is better")
            rows.append(
                f"| `{reference}` | `{result.data}` | {metric} | {figure(result)}{until_solved(result)} | {len(result.runs)} | {floor} | {others} |"
            )
    return "\n".join(rows) + "\n"


def notes(folder: Path = store.FOLDER) -> str:
    """Why figures differ from published ones, and what else has to be known of them: one item a result."""
    told = [
        f"- `{reference}` on `{protocol.data}`: {protocol.note}"
        for reference, several in BY_REFERENCE.items()
        for protocol in several
        if protocol.note and protocol.data in store.load(reference, folder)
    ]
    return "\n".join(told) + "\n"


def chance_table() -> str:
    """Published figures of the LSTM that are no better than a constant answer."""
    rows = ["| task | published | metric | a constant answer | source |", "| --- | --- | --- | --- | --- |"]
    rows += [f"| {c.task} | {c.figure:g} | {c.metric} | {c.constant:.4g}: {c.why} | {c.source} |" for c in CHANCE]
    return "\n".join(rows) + "\n"


def docstring_line(reference: str, folder: Path = store.FOLDER) -> str:
    """The line that says a reference's known result on its offline data."""
    result = store.load(reference, folder).get(BY_REFERENCE[reference][0].data)
    if result is None:
        return "Known result: none yet."
    best = result.best_baseline
    floor = f"; best baseline {best[1]:.4g}, {best[0]}" if best else ""
    return f"Known result: {result.metric.name} {figure(result)} on {result.data}, {seeds_of(result)}{floor}."


def section() -> str:
    """What stands between README's marks: the table, what has to be known of it, a picture of each offline result, and
    the figures that are chance."""
    stems = [f"{reference}-{several[0].data}" for reference, several in BY_REFERENCE.items()]
    pictures = [f"![{stem}](pictures/{stem}.png)" for stem in stems if (ROOT / "pictures" / f"{stem}.png").is_file()]
    chance = "Published figures that a constant answer reaches as well, and so no targets:\n\n" + chance_table()
    beside = "Beside these figures:\n\n" + notes()
    return "\n".join([table(), beside, *([" ".join(pictures), ""] if pictures else []), chance])


def write_everywhere(folder: Path) -> None:
    """Put the results into README and the references' docstrings, where these lie in a checkout and the results are its own."""
    if folder.resolve() != store.FOLDER.resolve():
        return
    for reference in BY_REFERENCE:
        file = ROOT / "refkit" / "references" / f"{reference}.py"
        replace(file, LINE.sub(lambda _: docstring_line(reference), file.read_text(encoding="utf-8"), count=1))
    if README.is_file() and START in (text := README.read_text(encoding="utf-8")):
        before, rest = text.split(START)
        replace(README, before + START + section() + END + rest.split(END)[1])


def replace(file: Path, text: str) -> None:
    if file.read_text(encoding="utf-8") != text:
        store.write_whole(file, text)
