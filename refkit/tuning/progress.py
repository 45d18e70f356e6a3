"""A progress bar over a study's trials."""

from optuna.trial import FrozenTrial

from refkit.progress import TerminalBar
from refkit.tuning.search import Watcher


class Bar(TerminalBar, Watcher):
    """What a search tells of its progress; what a trial prints goes where it goes without a bar.

    Args:
        title: what is tuned.
    """

    def __init__(self, title: str):
        super().__init__(title, redirect_stdout=False)

    def begin(self, wanted: int, had: int) -> None:
        words = f"{self.title}: {wanted} trials" + (f", {had} are there" if had else "")
        self.task = self.progress.add_task(words, total=wanted, completed=min(had, wanted))

    def ended(self, done: int, trial: FrozenTrial) -> None:
        self.progress.update(self.task, completed=done)

    def waits(self, count: int) -> None:
        self.progress.update(self.task, description=f"{self.title}: waiting for {count} trials of other processes")
