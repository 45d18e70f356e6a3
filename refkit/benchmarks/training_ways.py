"""One way to train, timed in a process of its own: `python -m refkit.benchmarks.training_ways WAY REFERENCE SEEDS`.

Prints a line of JSON: examples a second of all seeds together in each round, seconds to the first step, peak memory in
megabytes.
"""

import dataclasses
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROUNDS = 5
LONG = 0.4  # seconds that a round takes at least

Way = Callable[[Any, int], tuple[Callable[[], None], int]]


@dataclasses.dataclass(frozen=True)
class Timed:
    """What one process found.

    Args:
        rates: examples a second, a round each.
        first: seconds to the end of the first round, which compiles.
        megabytes: peak memory; of all processes together where there are several, what they share counted once.
        floating: operations of one example in products, forward and backward.
    """

    rates: tuple[float, ...]
    first: float
    megabytes: float
    floating: float = 0.0


def plain(work: Any, seeds: int) -> tuple[Callable[[], None], int]:
    """The reference's own jitted step in a loop, as its `main` has it."""
    import jax

    from refkit.subjects.learner import built

    module = module_of_reference(work.reference)
    model, optimizer = built(work.reference, module, module.Config(**work.config))
    batches = list(zip(*work.batches))

    def once() -> None:
        for batch in batches:
            loss = module.train_step(model, optimizer, *batch)
        jax.block_until_ready(loss)

    return once, work.examples


def looped(work: Any, seeds: int) -> tuple[Callable[[], None], int]:
    """Refkit's step in a loop."""
    return of_learner(work, scans=False)


def scanned(work: Any, seeds: int) -> tuple[Callable[[], None], int]:
    """Refkit's steps in one compiled loop."""
    return of_learner(work, scans=True)


def of_learner(work: Any, scans: bool) -> tuple[Callable[[], None], int]:
    import jax

    learner = learner_of(work)
    learner.scans = scans
    state = [learner.first]

    def once() -> None:
        state[0], _ = learner.train(state[0], zip(*work.batches))
        jax.block_until_ready(state[0])

    return once, work.examples


def vmapped(work: Any, seeds: int) -> tuple[Callable[[], None], int]:
    """All seeds side by side in one compiled loop."""
    import jax
    import jax.numpy as jnp

    from refkit.subjects.side_by_side import SideBySide

    learner = learner_of(work)
    every = SideBySide(learner)
    state = [every.begin([learner.begin(seed).first for seed in range(seeds)]).first]
    batches = tuple(jnp.asarray(np.stack([part] * seeds, axis=1)) for part in work.batches)

    def once() -> None:
        state[0], _ = every.many_steps(state[0], batches)
        jax.block_until_ready(state[0])

    return once, seeds * work.examples


def evaluated(work: Any, seeds: int) -> tuple[Callable[[], None], int]:
    """Refkit's evaluation of a data set."""
    learner, part = learner_of(work), data_set(work)
    return lambda: learner.outputs(learner.first, part), len(part[-1])


def evaluated_plainly(work: Any, seeds: int) -> tuple[Callable[[], None], int]:
    """A jitted loop over batches of the same size."""
    import jax

    from refkit.subjects.learner import AT_ONCE

    learner, part = learner_of(work), data_set(work)
    answer = jax.jit(learner.answer)
    cut = lambda start: [array[start : start + AT_ONCE] for array in part[:-1]]
    starts = range(0, len(part[-1]), AT_ONCE)
    return lambda: np.concatenate([np.asarray(answer(learner.first, *cut(start))) for start in starts]), len(part[-1])


def data_set(work: Any) -> tuple[np.ndarray, ...]:
    """The examples of all batches, four times."""
    return tuple(np.concatenate([*part] * 4) for part in work.batches)


WAYS: dict[str, Way] = {
    "plain": plain,
    "loop": looped,
    "scan": scanned,
    "vmapped": vmapped,
    "evaluated": evaluated,
    "evaluated-plainly": evaluated_plainly,
}
PROCESSES = "processes"  # a seed a core, each in a process of its own that scans


def learner_of(work: Any) -> Any:
    from refkit.edits.catalogue import edited_source
    from refkit.subjects.learner import ReferenceLearner

    module = module_of_reference(work.reference)
    return ReferenceLearner(work.reference, edited_source(work.reference, {}), module.Config(**work.config))


def module_of_reference(reference: str) -> Any:
    from refkit.edits.catalogue import edited_source
    from refkit.subjects.learner import module_of

    return module_of(reference, edited_source(reference, {}))


def timed(way: str, reference: str, seeds: int, together: Callable[[], None] = lambda: None) -> Timed:
    """Time one way in this process.

    Args:
        together: called before the rounds that count.
    """
    from refkit.benchmarks.workloads import workload

    work = workload(reference, module_of_reference(reference))
    once, examples = WAYS[way](work, seeds)
    began = time.perf_counter()
    once()
    first = time.perf_counter() - began
    began = time.perf_counter()
    once()
    times = max(1, round(LONG / (time.perf_counter() - began)))
    together()
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(times):
            once()
        rates.append(times * examples / (time.perf_counter() - began))
    return Timed(
        tuple(rates), first, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, operations_of_one(work)
    )


def operations_of_one(work: Any) -> float:
    """Floating-point operations in the products of one example in one step, as the reference is written."""
    from refkit.benchmarks.arithmetic import operations

    learner = learner_of(work)
    batch = tuple(part[0] for part in work.batches)
    return operations(learner.step, learner.first, batch) / len(batch[-1])


def in_processes(reference: str, seeds: int) -> Timed:
    """A seed on each core at once; with more seeds than cores, the others follow."""
    from refkit.experiments.workers import cores, one_thread_each

    count = min(cores(), seeds)
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(count), context.Queue()
    with one_thread_each():
        workers = [context.Process(target=one_of_them, args=(k, reference, barrier, told)) for k in range(count)]
        for worker in workers:
            worker.start()
    found, shared = zip(*(told.get() for _ in workers))
    for worker in workers:
        worker.join()
    return Timed(
        tuple(map(sum, zip(*(one.rates for one in found)))),
        max(one.first for one in found),
        sum(one.megabytes for one in found) - (count - 1) * min(shared),
        found[0].floating,
    )


def one_of_them(core: int, reference: str, barrier: Any, told: Any) -> None:
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[core % len(allowed)]})
    found = timed("scan", reference, 1, barrier.wait)
    barrier.wait()
    told.put((found, shared_megabytes()))
    barrier.wait()


def shared_megabytes() -> float:
    """Of this process's memory what others have mapped as well: the libraries; 0 where the system does not say."""
    file = Path("/proc/self/smaps_rollup")
    if not file.exists():
        return 0.0
    entries = dict(line.split(":") for line in file.read_text().splitlines()[1:])
    return sum(int(entries[name].split()[0]) for name in ("Shared_Clean", "Shared_Dirty")) / 1024


def main() -> None:
    way, reference, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    found = in_processes(reference, seeds) if way == PROCESSES else timed(way, reference, seeds)
    print(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
