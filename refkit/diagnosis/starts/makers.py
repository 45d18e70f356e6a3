"""Which of the lines that lead to an initial value is to blame."""

import ast
import functools
from collections.abc import Iterable, Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.starts.passed import deciding_level
from refkit.tracing.trace import LISTED, Site

LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def where(site: Site) -> tuple[str, int]:
    return site.file, site.line


def own_frame(frames: tuple[Site, ...], others: Iterable[tuple[Site, ...]], draw: Site | None = None) -> Site | None:
    """The innermost line that has no part in the others; where all have, the innermost.

    What a line of a function makes well for other parameters, it does not make wrong: the line that calls it does,
    unless it hands down the same as for those, but for key and shape.

    Args:
        draw: the call that draws random numbers on the innermost line.
    """
    others = list(others)
    shared = {where(site) for other in others for site in other}
    own = next((k for k, site in enumerate(frames) if where(site) not in shared), 0)
    if own == 0:
        return frames[0] if frames else None
    within = [where(site) for site in frames[:own]]
    twins = [other[own] for other in others if [where(site) for site in other[:own]] == within and len(other) > own]
    return frames[deciding_level(frames[: own + 1], draw, twins)]


def parting_frame(drawings: list[tuple[Site, ...]]) -> Site | None:
    """Where a key is handed out for the second time, of drawings from it in their order.

    Where the same lines drew twice, that is the innermost one that runs in a loop.
    """
    first, *later = [frames for frames in drawings if frames] or [()]
    looped = next((site for site in first if site.line in looping_lines(source_of(site.file))), None)
    found = (looped if frames == first else parting(first, frames) for frames in later)
    return next(filter(None, found), None) or looped or next(iter(first), None)


def parting(first: tuple[Site, ...], second: tuple[Site, ...]) -> Site | None:
    """Where the second of two ways from the outermost line leaves the first.

    In one function it takes another line, which is to blame; into different functions both go from one line, which
    handed the same key to both. Elements of a list of layers hand on what their loop gives them.
    """
    first, second = (tuple(site for site in way if not site.function.startswith(LISTED)) for way in (first, second))
    last = None
    for here, there in zip(reversed(first), reversed(second)):
        if where(here) != where(there):
            apart = last is not None and (here.file, here.function) != (there.file, there.function)
            return last if apart else there
        last = there
    return None if len(first) == len(second) else last


def constructing_frames(frames: tuple[Site, ...], path: str) -> tuple[Site, ...]:
    """With the line of a Linen module's `setup` before the line that first calls what was made there."""
    found: list[Site] = []
    for site in frames:
        made = set_up(site, {*path.split(".")})
        found += [site] if made is None or made.line == site.line else [made, site]
    return tuple(found)


def set_up(site: Site, words: set[str]) -> Site | None:
    """The line of `setup`, in the class of a line's method, that makes what a path of a parameter names."""
    owner = site.function.rpartition(".")[0].rpartition(".")[2]
    for name, line, end_line in made_in_setup(source_of(site.file)).get(owner, ()):
        if {name, f"{name}_0"} & words:
            return Site(site.file, line, end_line, function=f"{owner}.setup")
    return None


@functools.lru_cache(maxsize=64)
def made_in_setup(source: str) -> dict[str, list[tuple[str, int, int]]]:
    """What each class of a file makes in `setup`: name, first and last line of every attribute."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for owner in (node for node in ast.walk(parsed(source)) if isinstance(node, ast.ClassDef)):
        for node in ast.walk(owner):
            if isinstance(node, ast.FunctionDef) and node.name == "setup":
                found.setdefault(owner.name, []).extend(attributes_made(node))
    return found


def attributes_made(function: ast.FunctionDef) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    yield target.attr, node.lineno, node.end_lineno


@functools.lru_cache(maxsize=64)
def looping_lines(source: str) -> frozenset[int]:
    """Lines inside a loop or a comprehension."""
    nodes = [node for node in ast.walk(parsed(source)) if isinstance(node, LOOPS)]
    return frozenset(line for node in nodes for line in range(node.lineno, node.end_lineno + 1))


def naming_frame(file: str, path: str) -> tuple[Site, ...]:
    """The line that names a parameter, for one that no traced step has made: an array of NumPy's.

    Args:
        path: as your tree has it: the line names its last word as an attribute, a keyword, a variable or a key, or
            begins it, as `params["U_" + gate]` does.
    """
    tree = parsed(source_of(file))
    found = list(namings(tree))
    for word in reversed([word for word in path.split(".") if not word.isdigit()]):
        exact = [line for name, line, _ in found if name == word]
        begun = [line for name, line, joined in found if joined and name and word.startswith(name)]
        for line in (*exact, *begun):
            return (Site(file, line, line),)
    return ()


def namings(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Every name that is given a value, with its line, and whether more of the name may follow."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            yield (node.attr if isinstance(node, ast.Attribute) else node.id), node.lineno, False
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value.lineno, False
        elif isinstance(node, ast.Dict):
            yield from (
                (key.value, key.lineno, False)
                for key in node.keys
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            )
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            begun = not isinstance(node.slice, ast.Constant)
            word = next((part for part in ast.walk(node.slice) if isinstance(part, ast.Constant)), None)
            if word is not None and isinstance(word.value, str):
                yield word.value, node.lineno, begun
