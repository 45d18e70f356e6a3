"""The files of known results, `refkit/results/<reference>.json`: read by everything that shows a figure, written by reproduce."""

import contextlib
import dataclasses
import fcntl
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from refkit.errors import RefkitError
from refkit.results.record import Made, Metric, Published, Result, Run
from refkit.results.statistics import QUANTILES, envelope

FOLDER = Path(__file__).parent
SCHEMA = 1


def file_of(reference: str, folder: Path = FOLDER) -> Path:
    return folder / f"{reference}.json"


def load(reference: str, folder: Path = FOLDER) -> dict[str, Result]:
    """Every known result of a reference, by the name of its data set; none where nothing was reproduced yet.

    Raises:
        RefkitError: the file is there and cannot be read as results.
    """
    file = file_of(reference, folder)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}")
        return {name: read(entry) for name, entry in content["results"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise RefkitError(
            f"the known results in `{file.name}` cannot be read ({type(error).__name__}: {error}): restore the file, "
            f"or delete it and run `python scripts/reproduce.py {reference}`"
        ) from error


def change(reference: str, edit: Callable[[dict[str, Result]], None], folder: Path = FOLDER) -> dict[str, Result]:
    """Read a reference's results, let `edit` change them, and write them whole or not at all; others wait meanwhile."""
    with locked(file_of(reference, folder)):
        results = load(reference, folder)
        edit(results)
        write_whole(file_of(reference, folder), text_of(results))
    return results


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Alone among the processes that ask for the same file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file.with_name(f".{file.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_whole(file: Path, text: str) -> None:
    """Write a file so that it is never seen half: beside it first, then in its place.

    Raises:
        OSError: the disk is full, or the folder not writable; what was there before is still there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def read(entry: dict[str, Any]) -> Result:
    runs = {int(seed): read_run(run) for seed, run in entry["runs"].items()}
    return Result(
        reference=entry["reference"],
        data=entry["data"],
        task=entry["task"],
        metric=Metric(**entry["metric"]),
        evaluated=(entry["evaluated"]["after"], tuple(entry["evaluated"]["at"])),
        runs=runs,
        baselines=entry["baselines"],
        published=tuple(Published(**figure) for figure in entry["published"]),
        made=Made(**entry["made"]),
        note=entry["note"],
    )


def read_run(content: dict[str, Any]) -> Run:
    more = {name: number(value) for name, value in content.get("more", {}).items()}
    return Run(number(content["value"]), tuple(map(number, content["curve"])), float(content["seconds"]), more)


def number(value: float | None) -> float:
    """What is null was not finite."""
    return float("nan") if value is None else float(value)


def text_of(results: dict[str, Result]) -> str:
    """As JSON, one line a seed."""
    entries = [f"  {json.dumps(name)}: {entry_text(result)}" for name, result in sorted(results.items())]
    return f'{{"schema": {SCHEMA}, "results": {{\n' + ",\n".join(entries) + "\n}}\n"


def entry_text(result: Result) -> str:
    after, at = result.evaluated
    summary = result.summary
    fields = {
        "reference": result.reference,
        "data": result.data,
        "task": result.task,
        "metric": dataclasses.asdict(result.metric),
        "summary": {
            "seeds": summary.count,
            "mean": rounded(summary.mean),
            "deviation": rounded(summary.deviation),
            "quantiles": {str(level): rounded(summary.quantiles[level]) for level in QUANTILES},
        },
        "baselines": {name: rounded(value) for name, value in result.baselines.items()},
        "note": result.note,
        "made": dataclasses.asdict(result.made),
        "evaluated": {"after": after, "at": list(at)},
    }
    lines = [f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in fields.items()]
    lines += [listed("published", [json.dumps(dataclasses.asdict(figure)) for figure in result.published], "[]")]
    if result.curves.size:
        rows = [
            f"{json.dumps(str(level))}: {json.dumps([rounded(v) for v in row])}"
            for level, row in zip((0.05, 0.5, 0.95), envelope(result.curves), strict=True)
        ]
        lines += [listed("envelope", rows, "{}")]
    runs = [f"{json.dumps(str(seed))}: {json.dumps(run_of(run))}" for seed, run in sorted(result.runs.items())]
    return "{\n" + ",\n".join([*lines, listed("runs", runs, "{}")]) + "\n  }"


def listed(name: str, rows: list[str], around: str) -> str:
    return f"    {json.dumps(name)}: {around[0]}\n" + ",\n".join(f"      {row}" for row in rows) + f"\n    {around[1]}"


def run_of(run: Run) -> dict[str, Any]:
    content = {"value": rounded(run.value), "curve": [rounded(v) for v in run.curve], "seconds": round(run.seconds, 1)}
    return content | ({"more": {name: rounded(value) for name, value in run.more.items()}} if run.more else {})


def rounded(value: float) -> float | None:
    """To six significant digits, enough for any figure, and a file that can be read; null where it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
