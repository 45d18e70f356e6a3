"""Signs of life on standard error, while something takes its time."""

import contextlib
import sys
from collections.abc import Callable, Iterator

LISTENERS: list[Callable[[str], None]] = []


def say(words: str) -> None:
    """Show how far something is, where anybody is shown anything."""
    for listen in LISTENERS[-1:]:
        listen(words)


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner on standard error, if that is a terminal; what is said meanwhile takes the place of the words beside it."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner

    console, spinner = Console(stderr=True), Spinner("dots", what)
    with Live(spinner, console=console, transient=True, redirect_stdout=False, redirect_stderr=False):
        LISTENERS.append(lambda words: spinner.update(text=words))
        try:
            yield
        finally:
            LISTENERS.pop()
