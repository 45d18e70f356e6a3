"""Two bugs in one program: both must be reported.

`python tests/programs/pairs.py --pairs 100 --seed 1` prints how often both, one or none was.
"""

import argparse
import dataclasses
import itertools
import json
import multiprocessing
import random
from pathlib import Path

from tests.programs import measure
from tests.programs.measure import Case


def pair_cases(number: int, seed: int) -> list[tuple[Case, Case, Case]]:
    """The program with both bugs, and each of them: pairs of different ids that touch different lines."""
    by_program: dict[Path, list[Case]] = {}
    for case in measure.bug_cases():
        by_program.setdefault(case.file, []).append(case)
    generator = random.Random(seed)
    possible = [pair for cases in by_program.values() for pair in itertools.combinations(cases, 2)]
    generator.shuffle(possible)
    found = (both for pair in possible if (both := together(*pair)) is not None)
    return list(itertools.islice(found, number))


def together(first: Case, second: Case) -> tuple[Case, Case, Case] | None:
    """Both bugs in one program, where they are of two kinds and neither edit touches what the other has written."""
    if first.id == second.id:
        return None
    number = second.name.partition("#")[2]
    both = dataclasses.replace(first, name=f"{first.name}+{number}", edits=(*first.edits, *second.edits), rung="")
    other_way = dataclasses.replace(both, edits=(*second.edits, *first.edits))
    try:
        source = both.source
        if source != other_way.source:
            return None
        compile(source, first.file.name, "exec")
    except (ValueError, SyntaxError):
        return None
    lines = first.accepted(source), second.accepted(source)
    return None if not all(lines) or lines[0] & lines[1] else (both, first, second)


def run_pair(pair: tuple[Case, Case, Case]) -> dict:
    """Compare a program with two bugs, and judge the report by each of them."""
    both, first, second = pair
    result = measure.run_case(both, max((first.rung, second.rung), key=RUNGS.index) or "gradients")
    wrong = [finding for finding in result.get("findings", ()) if finding["kind"] != "choice"]
    source = both.source
    told = []
    for case in (first, second):
        line = any(finding["line"] in case.accepted(source) for finding in wrong)
        named = any(finding["id"] == case.id for finding in wrong)
        told.append({"id": case.id, "line": line, "named": named, "reported": line or named})
    return result | {"told": told}


RUNGS = ("", "train-eval", "loss", "gradients", "update", "data", "metric", "overfit")


def main(arguments: list[str] | None = None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="results, one a line; what is in it is not run again")
    given = parser.parse_args(arguments)
    pairs = pair_cases(given.pairs, given.seed)
    done = {}
    if given.out is not None and given.out.exists():
        done = {result["name"]: result for result in map(json.loads, given.out.read_text().splitlines())}
    results = [done[both.name] for both, _, _ in pairs if both.name in done]
    with multiprocessing.get_context("spawn").Pool(given.processes, maxtasksperchild=12) as pool:
        for result in pool.imap_unordered(run_pair, [pair for pair in pairs if pair[0].name not in done]):
            results.append(result)
            if given.out is not None:
                with given.out.open("a") as file:
                    file.write(json.dumps(result) + "\n")
    for result in results:
        if not all(told["reported"] for told in result["told"]):
            print(result["name"], result["told"], result.get("error", ""), result.get("findings"))
    count = lambda key: sum(all(told[key] for told in result["told"]) for result in results)
    print(
        f"{len(results)} pairs: both reported {count('reported')}, both on their line {count('line')}, both named {count('named')}"
    )


if __name__ == "__main__":
    main()
