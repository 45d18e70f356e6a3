"""How a program trains: the schedules that it makes, how many steps an epoch takes, and how many epochs there are."""

import ast
import contextlib
import dataclasses
import inspect
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import jax
import optax

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.expressions import name_of

SCHEDULES = (
    "cosine_decay_schedule",
    "exponential_decay",
    "linear_schedule",
    "polynomial_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
    "warmup_constant_schedule",
    "linear_onecycle_schedule",
    "cosine_onecycle_schedule",
    "join_schedules",
)
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
WRAPPING = ("enumerate", "tqdm", "trange", "list", "zip", "track")


@dataclasses.dataclass
class Rhythm:
    """What is known of a program's training when its first step is called.

    Args:
        schedules: by the line of the call that makes it.
        epochs: rounds of the outermost loop around the step; None where that is not known.
        per_epoch: steps in each; None where that is not known.
    """

    schedules: dict[int, Callable] = dataclasses.field(default_factory=dict)
    epochs: int | None = None
    per_epoch: int | None = None

    def note_loops(self, tree: ast.Module, file: str, batch: Any) -> None:
        """The loops that are under way around the caller.

        Args:
            batch: what the step is handed.
        """
        frames = list(frames_of(file))
        counts: list[int | None] = []
        for frame in reversed(frames):
            counts += [count(loop, frame) for loop in loops_around(tree, frame)]
            counts += [None] if frame.f_code.co_name in COMPREHENSIONS else []
        if len(counts) > 1:
            self.epochs = counts[0]
            self.per_epoch = counts[-1] if counts[-1] is not None else by_sizes(frames, batch)
        elif counts:
            self.epochs, self.per_epoch = 1, counts[0]

    @contextlib.contextmanager
    def listening(self, module: dict[str, Any], file: str) -> Iterator[None]:
        """While the schedules that the file makes are noted."""
        kept: list[tuple[Any, str, Any]] = []

        def noting(original: Callable) -> Callable:
            def make(*positional: Any, **named: Any) -> Any:
                made, frame = original(*positional, **named), inspect.currentframe().f_back
                if frame.f_code.co_filename == file:
                    self.schedules[frame.f_lineno] = made
                return made

            return make

        for name in SCHEDULES:
            original = getattr(optax, name, None)
            if original is not None:
                made, own = noting(original), [other for other, value in module.items() if value is original]
                for place, other in [(optax.__dict__, name), *((module, other) for other in own)]:
                    kept.append((place, other, original))
                    place[other] = made
        try:
            yield
        finally:
            for place, name, original in kept:
                place[name] = original


def frames_of(file: str) -> Iterator[FrameType]:
    """The file's frames that are under way, innermost first."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_filename == file:
            yield frame
        frame = frame.f_back


def loops_around(tree: ast.Module, frame: FrameType) -> list[ast.For]:
    """Loops of a frame's own function around the line that it is on, outermost first."""
    name, line = frame.f_code.co_name, frame.f_lineno
    owners = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and spans(node, line)]
    owner = max(owners, key=lambda node: node.lineno, default=tree)
    if owner is not tree and owner.name != name:
        return []
    nodes = list(ast.walk(owner))
    if any(node is not owner and isinstance(node, FUNCTIONS) and spans(node, line) for node in nodes):
        return []
    found = [node for node in nodes if isinstance(node, ast.For) and spans(node, line) and node.iter.lineno <= line]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def spans(node: ast.AST, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def count(loop: ast.For, frame: FrameType) -> int | None:
    """Rounds of a loop over a `range`, or over a name that has a length; None where that is not known."""
    expression = loop.iter
    while isinstance(expression, ast.Call) and name_of(expression.func) in WRAPPING and expression.args:
        expression = expression.args[0]
    if isinstance(expression, ast.Call) and name_of(expression.func) not in ("range", "arange"):
        return None
    try:
        code = compile(ast.fix_missing_locations(ast.Expression(expression)), frame.f_code.co_filename, "eval")
        return len(eval(code, frame.f_globals, dict(frame.f_locals)))  # the program's own range
    except Exception:  # noqa: BLE001: it may be anything that has no length
        return None


def by_sizes(frames: list[FrameType], batch: Any) -> int | None:
    """Steps of an epoch, by the largest array around that is built as the batch's are."""
    arrays = [leaf for leaf in jax.tree.leaves(batch) if getattr(leaf, "ndim", 0) > 1 and leaf.shape[0] > 1]
    around = []
    for frame in frames:
        for value in frame.f_locals.values():
            with contextlib.suppress(Exception):
                around += [leaf for leaf in jax.tree.leaves(value) if getattr(leaf, "ndim", 0) > 1]
    found = [len(leaf) // len(array) for array in arrays for leaf in around if leaf.shape[1:] == array.shape[1:]]
    return max((number for number in found if number > 1), default=None)
