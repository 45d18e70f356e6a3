"""A progress bar over a study's trials, on standard error where that is a terminal."""

from types import TracebackType

from optuna.trial import FrozenTrial
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from refkit.tuning.search import Watcher


class Bar(Watcher):
    """What a search tells of its progress.

    Args:
        title: what is tuned.
    """

    def __init__(self, title: str):
        console = Console(stderr=True)
        self.title = title
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "Bar":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.progress.stop()

    def begin(self, wanted: int, had: int) -> None:
        words = f"{self.title}: {wanted} trials" + (f", {had} are there" if had else "")
        self.task = self.progress.add_task(words, total=wanted, completed=min(had, wanted))

    def ended(self, done: int, trial: FrozenTrial) -> None:
        self.progress.update(self.task, completed=done)

    def waits(self, count: int) -> None:
        self.progress.update(self.task, description=f"{self.title}: waiting for {count} trials of other processes")
