"""`benchmark.py training`: examples a second of every way to train, as ratios to the best that PyTorch has here."""

import dataclasses
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from refkit.benchmarks.training_ways import PROCESSES, Timed
from refkit.subjects import SUBJECTS

PEER = Path(__file__).parents[2] / "scripts" / "peers" / "training_torch.py"
TORCH = ("eager", "compile")
COMPILED = 5.0  # seconds to the first step that are to be said
OURS = (("plain", 1), ("loop", 1), ("scan", 1), (PROCESSES, 8), ("vmapped", 8), (PROCESSES, 32), ("vmapped", 32))


@dataclasses.dataclass(frozen=True)
class Row:
    """One way on one reference, over the repeats.

    Args:
        rate: examples a second of all seeds together, the median.
        ratios: to the best of PyTorch in the same repeat; empty where PyTorch is absent.
        first: seconds to the end of the first 32 steps, with nothing compiled before.
        memory: peak, beside the plain loop's.
        share: of the machine's matrix-product peak.
    """

    reference: str
    way: str
    seeds: int
    rate: float
    ratios: tuple[float, ...]
    first: float
    memory: float
    share: float


def measure(references: tuple[str, ...], repeats: int) -> Iterator[Row]:
    """Every way in turn, a process each, as often as `repeats` says."""
    peak = matrix_peak()
    torch = importlib.util.find_spec("torch") is not None
    for subject in SUBJECTS:
        if references and subject.name not in references:
            continue
        found: dict[tuple[str, int], list[Timed]] = {}
        for _ in range(repeats):
            for way in TORCH if torch else ():
                timed = ask([str(PEER), way, subject.name])
                if timed is not None:
                    found.setdefault((way, 1), []).append(timed)
            for way, seeds in OURS:
                found.setdefault((way, seeds), []).append(ask(of_way(way, subject.name, seeds)))
        best = [max(rates) for rates in zip(*(map(rate, found[way, 1]) for way in TORCH if (way, 1) in found))]
        base = found["plain", 1]
        floating = base[0].floating
        for (way, seeds), timings in found.items():
            yield Row(
                subject.name,
                f"PyTorch {way}" if way in TORCH else way,
                seeds,
                statistics.median(map(rate, timings)),
                tuple(rate(timed) / other for timed, other in zip(timings, best)),
                statistics.median(timed.first for timed in timings),
                statistics.median(timed.megabytes for timed in timings)
                / statistics.median(timed.megabytes for timed in base),
                statistics.median(map(rate, timings)) * floating / peak,
            )


def evaluation(references: tuple[str, ...], repeats: int) -> Iterator[str]:
    """Examples a second of an evaluation, beside a jitted loop over batches of the same size."""
    for subject in SUBJECTS:
        if references and subject.name not in references:
            continue
        ratios = []
        for _ in range(repeats):
            ours, plain = (rate(ask(of_way(way, subject.name, 1))) for way in ("evaluated", "evaluated-plainly"))
            ratios.append(ours / plain)
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        yield f"{subject.name:12}evaluation beside a jitted loop: {statistics.median(ratios):.2f} ({spread})"


def of_way(way: str, reference: str, seeds: int) -> list[str]:
    """The arguments of Python that time one way."""
    return [*"-m refkit.benchmarks.training_ways".split(), way, reference, str(seeds)]


def ask(command: list[str]) -> Timed | None:
    """Run one process; None where PyTorch's compiler is not able to."""
    environment = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    environment["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)
    if done.returncode:
        if command[0] == str(PEER):
            return None
        raise RuntimeError(f"`{' '.join(command)}` exited with {done.returncode}: {done.stderr[-600:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Timed(**{**told, "rates": tuple(told["rates"])})


def rate(timed: Timed) -> float:
    return statistics.median(timed.rates)


def matrix_peak(size: int = 2048, times: int = 5) -> float:
    """Floating-point operations a second of the best of several square products in float32, on all cores."""
    import time

    import jax
    import jax.numpy as jnp

    product = jax.jit(jnp.matmul)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(size, size)), jnp.float32)
    product(x, x).block_until_ready()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        product(x, x).block_until_ready()
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / min(seconds)


HEAD = f"{'':12}{'way':18}{'seeds':>6}{'examples/s':>12}{'PyTorch = 1':>20}{'first':>9}{'memory':>8}{'peak':>7}"


def line(row: Row) -> str:
    ratios = sorted(row.ratios)
    spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})" if ratios else "no PyTorch"
    late = " !" if row.first > COMPILED else "  "
    return (
        f"{row.reference:12}{row.way:18}{row.seeds:>6}{row.rate:>12,.0f}{spread:>20}{row.first:>6.1f} s{late[1]}"
        f"{row.memory:>7.2f}{row.share:>7.1%}"
    )


def summary(rows: list[Row]) -> str:
    """The best ratio of each reference, and their geometric mean."""
    best: dict[str, float] = {}
    for row in rows:
        if row.ratios and not row.way.startswith("PyTorch"):
            best[row.reference] = max(best.get(row.reference, 0.0), statistics.median(row.ratios))
    if not best:
        return "PyTorch is not installed (`torch==2.13.0`): the rates stand alone"
    told = ", ".join(f"{name} {ratio:.2f}" for name, ratio in best.items())
    return f"best of refkit beside the best of PyTorch: {told}; geometric mean {statistics.geometric_mean(best.values()):.2f}"
