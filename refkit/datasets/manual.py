"""A data set from files that the user has put into TFDS's manual folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from refkit.datasets.offline import OfflineBuilder
from refkit.errors import RefkitError


class ManualBuilder(OfflineBuilder, skip_registration=True):
    """A set that is read from `downloads/manual/NAME` in TFDS's folder. A subclass names its public `SOURCE`."""

    SOURCE: ClassVar[str]

    @property
    def manual(self) -> Path:
        """The folder that the files are put into."""
        root = Path(self.data_path.parents[self.info.full_name.count("/")])
        return root / "downloads" / "manual" / self.name

    def wanted(self) -> Iterable[Path]:
        """The files without which the set cannot be made."""
        raise NotImplementedError

    def what_to_put(self) -> str:
        """Which files are put where."""
        first, *others = [path.relative_to(self.manual) for path in self.wanted()]
        last = f" … `{others[-1]}` ({len(others) + 1} files)" if others else ""
        return f"put `{first}`{last} into `{self.manual}`, from {self.SOURCE}"

    def check_sources(self) -> None:
        missing = [path for path in self.wanted() if not path.is_file()]
        if missing:
            raise RefkitError(f"data set `{self.name}` lacks `{missing[0]}`: {self.what_to_put()}")
