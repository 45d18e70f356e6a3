"""Several seeds at once, in processes of which each has a core of its own.

On two cores two seeds in two processes of one thread each take less time than one after the other with two threads:
the programs are too small to share (`scripts/benchmark.py training` has the figures). How many threads sum a product
also decides its last digits, and training magnifies them: with one thread always, a seed's figures are its own.
"""

import contextlib
import multiprocessing
import os
import queue
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from refkit.errors import RefkitError
from refkit.experiments.blocks import blocks, run_block
from refkit.experiments.protocols import find_protocol
from refkit.experiments.seed_files import SeedFiles
from refkit.experiments.widths import find_width, kept_width

WAITING = 0.5  # seconds between two looks at whether the workers live


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_here() -> int | None:
    """As many as cores; None on an accelerator, which processes cannot share."""
    import jax

    return cores() if jax.default_backend() == "cpu" else None


def run_seeds(
    reference: str, data: str, seeds: list[int], runs: Path | None, workers: int
) -> Iterator[tuple[int, Any]]:
    """Run seeds that are missing, and keep each in its file.

    Args:
        reference, data: the protocol.
        seeds: each block of them is taken by the first worker that is free.
        runs: folder of the finished seeds.
        workers: processes.

    Yields:
        A seed and the share of it that is done, below 1; a seed and True once it is in its file, or False where another
        process has it.

    Raises:
        OSError: a seed cannot be written.
        RefkitError: a worker was ended from outside, or its seed failed.
    """
    context = multiprocessing.get_context("spawn")
    width = kept_width(SeedFiles(find_protocol(reference, data), runs), len(seeds))
    if width is None:
        with one_thread_each(), ProcessPoolExecutor(1, context, bind, (0,)) as apart:
            width = apart.submit(width_found, reference, data, runs).result()
    todo = blocks(seeds, width)
    workers = min(workers, len(todo))
    wanted, told = context.Queue(), context.Queue()
    for block in [*todo, *[None] * workers]:
        wanted.put(block)
    processes = [
        context.Process(target=work, args=(core, reference, data, runs, width, wanted, told), daemon=True)
        for core in range(workers)
    ]
    with one_thread_each():
        for process in processes:
            process.start()
    try:
        left = len(seeds)
        while left:
            try:
                seed, news = told.get(timeout=WAITING)
            except queue.Empty:
                if not any(process.is_alive() for process in processes) and told.empty():
                    raise RefkitError(
                        f"the processes that trained `{reference}` on `{data}` were ended from outside; what was finished "
                        "is kept: run the same command again, with `--workers 1` if memory is short"
                    ) from None
                continue
            if isinstance(news, Exception):
                raise news
            left -= isinstance(news, bool)
            yield seed, news
    finally:
        for process in processes:
            process.terminate()
            process.join()


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that begin here compute with one thread, also where they cannot be bound to a core."""
    before = os.environ.get("XLA_FLAGS")
    os.environ["XLA_FLAGS"] = f"{before or ''} --xla_cpu_multi_thread_eigen=false".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ["XLA_FLAGS"]
        else:
            os.environ["XLA_FLAGS"] = before


def bind(core: int) -> None:
    """Keep this process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[core % len(allowed)]})


def width_found(reference: str, data: str, runs: Path | None) -> int:
    """The width of a protocol's blocks, as one worker finds it."""
    protocol = find_protocol(reference, data)
    return find_width(protocol, SeedFiles(protocol, runs))


def work(core: int, reference: str, data: str, runs: Path | None, width: int, wanted: Any, told: Any) -> None:
    """What one process does: blocks of seeds, until there are no more."""
    bind(core)
    protocol = find_protocol(reference, data)
    files = SeedFiles(protocol, runs)
    while (block := wanted.get()) is not None:
        try:
            run_block(protocol, files, block, width, lambda seed, share: told.put((seed, share)))
            for seed in block:
                told.put((seed, seed in files.read()))
        except OSError as error:
            told.put((block[0], OSError(error.errno, error.strerror, error.filename)))
        except KeyboardInterrupt:
            return
        except Exception as error:  # noqa: BLE001: the other process has to say it
            told.put((block[0], RefkitError(f"seed {block[0]} failed: {type(error).__name__}: {error}")))
