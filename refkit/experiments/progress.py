"""A progress bar with the time left, on standard error, for whole seeds."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from refkit.results.record import Run


class Bar:
    """What `reproduce` tells of its progress; silent where standard error is no terminal.

    Args:
        title: what is run.
    """

    def __init__(self, title: str):
        console = Console(stderr=True)
        self.title, self.shares = title, {}
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "Bar":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.progress.stop()

    def begin(self, seeds: list[int], had: int) -> None:
        words = f"{self.title}: {len(seeds)} seeds" + (f", {had} are there" if had else "")
        self.task = self.progress.add_task(words, total=max(len(seeds), 1))

    def went_on(self, seed: int, share: float) -> None:
        self.shares[seed] = share
        self.progress.update(self.task, completed=sum(self.shares.values()))

    def ended(self, seed: int, run: Run | None) -> None:
        self.went_on(seed, 1.0)
