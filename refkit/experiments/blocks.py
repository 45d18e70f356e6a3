"""Seeds that are trained and kept together: one alone, or a block side by side."""

import contextlib
import itertools
from collections.abc import Callable, Iterable

from refkit.experiments.protocol import Protocol
from refkit.experiments.seed_files import SeedFiles
from refkit.experiments.together import run_together
from refkit.experiments.training import Progress, run_seed
from refkit.results.record import Run


def blocks(seeds: Iterable[int], width: int) -> list[list[int]]:
    """The seeds by the block that they belong to: 0 to 3, 4 to 7 and so on at a width of 4."""
    return [list(block) for _, block in itertools.groupby(sorted(seeds), lambda seed: seed // width)]


def run_block(
    protocol: Protocol,
    files: SeedFiles,
    seeds: list[int],
    width: int,
    progress: Callable[[int, float], None],
    run: Callable[..., Run] = run_seed,
) -> dict[int, Run]:
    """Train the seeds of one block that are missing, and keep each in its file.

    A block is always trained whole, so that a seed's figures are the same whichever of its block are wanted.

    Args:
        seeds: those that are wanted.
        width: seeds of a whole block.
        progress: is told a seed and the share of it that is done.
        run: does one seed, where the width is 1.

    Returns:
        What was trained here; another process may have the rest.

    Raises:
        OSError: a seed cannot be written.
    """
    with contextlib.ExitStack() as claims:
        claimed = [seed for seed in seeds if claims.enter_context(files.claimed(seed))]
        mine = [seed for seed in claimed if seed not in files.read()]
        told: Progress = lambda share: [progress(seed, share) for seed in mine] and None
        if not mine:
            return {}
        found = run_together(protocol, whole(mine[0], width, protocol.only), told) if width > 1 else {}
        for seed in mine:
            files.write(seed, found[seed] if width > 1 else run(protocol, seed, told))
    return {seed: one for seed, one in files.read().items() if seed in mine}


def whole(seed: int, width: int, only: int | None) -> list[int]:
    """Every seed of the block that a seed belongs to, as far as there are such splits."""
    first = seed - seed % width
    return list(range(first, first + width if only is None else min(first + width, only)))
