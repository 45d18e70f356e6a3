"""A model that raises on valid input, and the line of the user's file where it does."""

import dataclasses
import linecache
import os
import traceback


class ModelRaised(Exception):
    """The user's own program raised while being built or called.

    Args:
        error: what it raised.
        file: the file whose lines count.
        line: innermost line of that file in the traceback, 1-based; None where there is none.
        stage: `constructor`, `initialization`, `forward` or `loss`.
        tried: the layouts that were tried, most plausible first.
        inputs: shapes and dtypes that it was given, as `f32[7,28,28,1]`.
    """

    def __init__(
        self,
        error: BaseException,
        file: str,
        line: int | None,
        stage: str,
        tried: tuple[str, ...] = (),
        inputs: tuple[str, ...] = (),
    ):
        super().__init__(f"{type(error).__name__}: {error}")
        self.error, self.file, self.line, self.stage, self.tried, self.inputs = error, file, line, stage, tried, inputs
        self.source = linecache.getline(file, line).strip() if line else ""


@dataclasses.dataclass(frozen=True)
class Failure:
    """One attempt that raised: how far it got, by the lines of the user's frames from the outermost in."""

    error: BaseException
    stage: str
    layout: str = ""
    inputs: tuple[str, ...] = ()

    def progress(self, file: str) -> tuple[int, ...]:
        return (STAGES.index(self.stage), *user_lines(self.error, file))


STAGES = ("constructor", "initialization", "forward", "loss")


def user_lines(error: BaseException, file: str) -> tuple[int, ...]:
    """Lines of `file` on the way to the error, outermost first."""
    wanted = os.path.abspath(file)
    frames = traceback.extract_tb(error.__traceback__)
    return tuple(frame.lineno for frame in frames if os.path.abspath(frame.filename) == wanted)


def furthest(failures: list[Failure], file: str) -> Failure:
    """The failure that got furthest; the earliest tried of those that tie."""
    return max(failures, key=lambda failure: failure.progress(file))


def model_raised(failures: list[Failure], file: str, line: int | None) -> ModelRaised:
    """What the failure that got furthest says."""
    best = furthest(failures, file)
    lines = user_lines(best.error, file)
    tried = tuple(dict.fromkeys(failure.layout for failure in failures if failure.layout))
    return ModelRaised(best.error, file, lines[-1] if lines else line, best.stage, tried, best.inputs)
