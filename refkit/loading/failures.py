"""What went wrong in a TARGET's own code, said in one sentence with its line."""

import re
import traceback
from collections.abc import Collection

from refkit.loading.changed_apis import explain

LONGEST_MESSAGE = 200
STUB = re.compile(r"<stub (?P<path>[^>]+)>|refkit\.loading\.stubs\.Stub|'Stub' object")


class Unavailable(NameError):
    """A name of a TARGET that could not be had: the statement that binds it failed, or was not run.

    Args:
        name: the name.
        reason: why, such as "line 12 (`train = tfds.load(...)`) downloads data and was not run".
        for_now: whether it may be had later: what binds it is just being run.
    """

    def __init__(self, name: str, reason: str, for_now: bool = False):
        super().__init__(f"`{name}` is not available: {reason}", name=name)
        self.reason, self.for_now = reason, for_now


def user_line(error: BaseException, files: Collection[str]) -> tuple[str, int] | None:
    """File and line of the innermost frame of `error` that lies in one of `files`."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return next(((file, line) for file, line in reversed(frames) if file in files), None)


def lacking(error: BaseException) -> str | None:
    """What an error lacks that refkit has not got either: data that were not downloaded, a package that is not there.

    None for an error of the program's own.
    """
    if isinstance(error, Unavailable) and "was not run" in error.reason:
        return f"it needs `{error.name}`: {error.reason}"
    if match := STUB.search(str(error)):
        return (
            f"it needs {'`' + match['path'] + '`' if match['path'] else 'something'} of a package that is not installed"
        )
    return None


def say_error(error: BaseException, source_line: str = "") -> str:
    """`ValueError: message`, its first line only, and what replaced an API that has changed."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    first = first if len(first) <= LONGEST_MESSAGE else first[: LONGEST_MESSAGE - 1] + "…"
    said = f"{type(error).__name__}: {first}" if first else type(error).__name__
    explained = explain(error, source_line)
    return f"{said} ({explained})" if explained else said
