"""A progress bar over whole seeds."""

from refkit.progress import TerminalBar
from refkit.results.record import Run


class Bar(TerminalBar):
    """What `reproduce` tells of its progress.

    Args:
        title: what is run.
    """

    def __init__(self, title: str):
        super().__init__(title)
        self.shares: dict[int, float] = {}

    def begin(self, seeds: list[int], had: int) -> None:
        words = f"{self.title}: {len(seeds)} seeds" + (f", {had} are there" if had else "")
        self.task = self.progress.add_task(words, total=max(len(seeds), 1))

    def went_on(self, seed: int, share: float) -> None:
        self.shares[seed] = share
        self.progress.update(self.task, completed=sum(self.shares.values()))

    def ended(self, seed: int, run: Run | None) -> None:
        self.went_on(seed, 1.0)
