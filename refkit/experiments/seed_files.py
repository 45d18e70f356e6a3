"""Every finished seed as a file, written whole or not at all, so that a killed reproduce goes on where it was."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from refkit.experiments.protocol import Protocol
from refkit.process import cache_folder
from refkit.results.record import Run
from refkit.results.store import read_run, run_of, write_whole


class SeedFiles:
    """The finished seeds of one protocol in a folder.

    Args:
        protocol: whose seeds; those of a changed one lie elsewhere.
        folder: where seeds are kept; refkit's folder in the user's cache if None.
    """

    def __init__(self, protocol: Protocol, folder: Path | None = None):
        root = folder if folder is not None else cache_folder() / "runs"
        self.folder = root / protocol.reference / protocol.data.replace("/", "-") / protocol.fingerprint

    def file(self, seed: int) -> Path:
        return self.folder / f"{seed}.json"

    def read(self) -> dict[int, Run]:
        """Those that are finished; a file that is not whole counts as none."""
        found = {}
        for file in self.folder.glob("[0-9]*.json"):
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                found[int(file.stem)] = read_run(json.loads(file.read_text(encoding="utf-8")))
        return dict(sorted(found.items()))

    def write(self, seed: int, run: Run) -> None:
        """Keep one.

        Raises:
            OSError: it cannot be written; the others are as they were.
        """
        write_whole(self.file(seed), json.dumps(run_of(run)) + "\n")

    @contextlib.contextmanager
    def claimed(self, seed: int) -> Iterator[bool]:
        """Whether this process alone has the seed now; another one may be at it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / f".{seed}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


def writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)
