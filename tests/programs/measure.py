"""Run compare over the hand-written programs and over the bugs planted in them, and count what it gets right.

`python tests/programs/measure.py --help` shows the options; `scripts/benchmark.py detection` prints the same table.
"""

import argparse
import collections
import dataclasses
import functools
import json
import multiprocessing
import random
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
REFERENCES = ("mlp", "lenet", "lstm", "multimodal")


@dataclasses.dataclass(frozen=True)
class Case:
    """One program, right or with one bug planted in it.

    Args:
        name: `lenet/torch_style.py` or `lenet/torch_style.py#3:missing-activation`.
        file: the right program.
        reference: what it is compared with, options included.
        target: `:Name` or empty.
        kwargs: constructor arguments.
        edits: old and new texts; none for the right program.
        id: the planted bug's.
        lines: texts of the lines that are accepted as its place.
        rung: the rung that its manifest is for, as in `bugs/lenet.metric.toml`; empty for the model, loss and gradients.
        text: of the program, where it is no file with edits.
        also: ids that no number tells apart from the planted one, and that count as well.
    """

    name: str
    file: Path
    reference: str
    target: str = ""
    kwargs: str = ""
    edits: tuple[tuple[str, str], ...] = ()
    id: str = ""
    lines: tuple[str, ...] = ()
    rung: str = ""
    text: str = ""
    also: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        if self.text:
            return self.text
        text = self.file.read_text(encoding="utf-8")
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: `{old}` occurs {text.count(old)} times")
            text = text.replace(old, new)
        return text

    def accepted(self, source: str) -> set[int]:
        """1-based numbers of the lines that are accepted."""
        return {k for k, text in enumerate(source.splitlines(), start=1) if any(part in text for part in self.lines)}


def correct_cases() -> list[Case]:
    found = []
    for reference, rung, entry in entries("correct", "program"):
        found.append(
            Case(
                f"{reference}/{entry['file']}",
                HERE / "correct" / reference / entry["file"],
                entry.get("reference", reference),
                entry.get("target", ""),
                entry.get("kwargs", ""),
                rung=rung,
            )
        )
    return found


def entries(folder: str, kind: str) -> Iterator[tuple[str, str, dict]]:
    """Reference, rung and content of every entry of the manifests, such as `correct/lenet.toml` or `bugs/mlp.metric.toml`."""
    for reference in REFERENCES:
        for manifest in [HERE / folder / f"{reference}.toml", *sorted((HERE / folder).glob(f"{reference}.*.toml"))]:
            rung = manifest.stem.partition(".")[2]
            for entry in tomllib.loads(manifest.read_text(encoding="utf-8"))[kind]:
                yield reference, rung, entry


def bug_cases() -> list[Case]:
    programs = {case.name: case for case in correct_cases()}
    numbers: collections.Counter = collections.Counter()
    found = []
    for reference, rung, entry in entries("bugs", "bug"):
        number = f"{rung}-" * bool(rung) + str(numbers[reference, rung])
        numbers[reference, rung] += 1
        program = programs[f"{reference}/{entry['program']}"]
        edits = [(entry["old"], entry["new"])] if "old" in entry else []
        edits += [(edit["old"], edit["new"]) for edit in entry.get("edit", ())]
        lines = (*([entry["line_contains"]] if "line_contains" in entry else ()), *entry.get("lines", ()))
        found.append(
            dataclasses.replace(
                program,
                name=f"{program.name}#{number}:{entry['id']}",
                edits=tuple(edits),
                id=entry["id"],
                lines=lines,
                rung=rung,
            )
        )
    return found


def run_case(case: Case, until: str) -> dict:
    """Compare one case up to the rung `until`, or at the one rung that it was written for, and judge the report."""
    import refkit
    from refkit.cli import read_kwargs

    started, only = time.time(), case.rung or None
    result = {"name": case.name, "id": case.id, "rung": case.rung or "model"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / case.file.name
        try:
            source = case.source
            for sibling in case.file.parent.glob("*.py"):
                if sibling.name.startswith("_"):
                    shutil.copy(sibling, folder)
            path.write_text(source, encoding="utf-8")
            kwargs = read_kwargs(None, None, case.kwargs or None)
            report = refkit.compare(
                f"{path}{case.target}", case.reference, until=None if only else until, only=only, kwargs=kwargs
            )
        except Exception as error:
            return result | {"error": f"{type(error).__name__}: {error}"[:300], "seconds": time.time() - started}
    findings = [
        {
            "kind": f.kind,
            "id": f.id,
            "line": f.line,
            "rung": f.rung,
            "end": f.end_line,
            "message": f.message[:120],
            "candidates": [c.id for c in f.candidates][:3],
        }
        for f in report.findings
    ]
    result |= {"verdict": report.verdict, "findings": findings, "seconds": time.time() - started}
    if case.id:
        wrong = [f for f in findings if f["kind"] != "choice"]
        accepted = case.accepted(source)
        at = [f for f in wrong if f["line"] is not None]
        result |= {
            "accepted": sorted(accepted),
            "detected": report.verdict == "different",
            "line": any(f["line"] in accepted for f in at),
            "near": any(min((abs(f["line"] - line) for line in accepted), default=99) <= 1 for f in at),
            "first": any(f["id"] in (case.id, *case.also) for f in wrong),
            "three": any(case.id in f["candidates"] or f["id"] == case.id for f in wrong),
            "only": len(wrong) == 1,
        }
    return result


def measure(cases: list[Case], until: str, processes: int, out: Path | None) -> list[dict]:
    """Results of all cases; those already in `out` are not run again."""
    done = {}
    if out is not None and out.exists():
        done = {r["name"]: r for r in map(json.loads, out.read_text().splitlines())}
    results = [done[case.name] for case in cases if case.name in done]
    rest = [case for case in cases if case.name not in done]
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=12) as pool:
        for result in pool.imap_unordered(functools.partial(run_case, until=until), rest):
            results.append(result)
            if out is not None:
                with out.open("a") as file:
                    file.write(json.dumps(result) + "\n")
    return results


def table(results: list[dict]) -> str:
    """What was found, by reference, by the rung that the cases were written for, and by the catalogue's section."""
    from refkit.edits.bugs import BUGS

    groups = {bug.id: bug.group for bug in BUGS}
    parts = [*((name, lambda r, name=name: r["name"].startswith(name + "/")) for name in REFERENCES)]
    parts += [
        (name, lambda r, name=name: r.get("rung") == name) for name in sorted({r.get("rung", "model") for r in results})
    ]
    parts += [(name, lambda r, name=name: r["id"] and groups[r["id"]] == name) for name in sorted(set(groups.values()))]
    rows = [
        f"{'':16}{'programs':>9}{'right':>7}{'false alarms':>14}{'bugs':>6}{'detected':>10}{'line':>7}{'±1':>7}"
        f"{'first':>7}{'of 3':>7}{'seconds':>9}"
    ]
    for name, belongs in [*parts, ("all", lambda r: True)]:
        here = [r for r in results if belongs(r)]
        if not here:
            continue
        right = [r for r in here if not r["id"]]
        bugs = [r for r in here if r["id"]]
        share = lambda key: f"{100 * sum(bool(r.get(key)) for r in bugs) / len(bugs):.0f} %" if bugs else "—"
        same = sum(r.get("verdict") == "same" for r in right)
        alarms = sum(r.get("verdict") == "different" for r in right)
        seconds = sum(r["seconds"] for r in here) / len(here)
        rows.append(
            f"{name:16}{len(right):>9}{same:>7}{alarms:>14}{len(bugs):>6}{share('detected'):>10}{share('line'):>7}"
            f"{share('near'):>7}{share('first'):>7}{share('three'):>7}{seconds:>9.1f}"
        )
    return "\n".join(rows)


def main(arguments: list[str] | None = None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="part of the names of the cases to run")
    parser.add_argument(
        "--what",
        choices=("all", "correct", "bugs", "registry", "registry-whole"),
        default="all",
        help="`registry`: each known bug in each reference's own file, one of its edits; `registry-whole`: all of them",
    )
    parser.add_argument("--sample", type=int, help="that many cases, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--until", default="gradients")
    parser.add_argument(
        "--rung", help="the cases written for this rung alone; `model` for those of model, loss and gradients"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="results, one a line; what is in it is not run again")
    given = parser.parse_args(arguments)
    if given.what.startswith("registry"):
        from tests.programs.registry import registry_cases

        cases = registry_cases(given.seed, every=given.what == "registry-whole")
    else:
        cases = (correct_cases() if given.what != "bugs" else []) + (bug_cases() if given.what != "correct" else [])
    cases = [case for case in cases if given.only in case.name and given.rung in (None, case.rung or "model")]
    if given.sample:
        cases = random.Random(given.seed).sample(cases, min(given.sample, len(cases)))
    results = measure(cases, given.until, given.processes, given.out)
    for result in sorted(results, key=lambda r: r["name"]):
        if result.get("error") or (not result["id"] and result["verdict"] != "same"):
            print(result["name"], result.get("error") or result["findings"])
        elif result["id"] and not (result["line"] and result["first"]):
            print(
                result["name"],
                "accepted",
                result["accepted"],
                "found",
                [f for f in result["findings"] if f["kind"] != "choice"],
            )
    print(table(results))


if __name__ == "__main__":
    main()
