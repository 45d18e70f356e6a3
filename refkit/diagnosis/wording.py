"""What your text says at a departure, for what numbers alone cannot tell: which of two alike bugs, and on which line."""

import ast
import builtins
import functools
import itertools
import re

from refkit.diagnosis.blame import statement_lines
from refkit.diagnosis.sources import parsed, source_of
from refkit.edits.bug import Bug
from refkit.tracing.callers import frames_of
from refkit.tracing.trace import Site, Trace

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def says(bug: Bug, trace: Trace, node: int) -> bool:
    """Whether a line on the way to a step has one of the words that tell this bug from those alike."""
    return site_saying(bug, trace, node) is not None


def site_saying(bug: Bug, trace: Trace, node: int) -> Site | None:
    """The innermost line on the way to a step that has one of the bug's words, or the head of the loop around such a line.

    Where the words tell the line to name, it may also be the one that makes what a line on the way calls; of several that
    hand a function on, the one on the way.
    """
    words = re.compile("|".join(bug.words)) if bug.words else None
    frames = frames_of(trace.sites[node])
    if words is None:
        return None
    for frame, caller in itertools.zip_longest(frames, frames[1:]):
        for site in (frame, *loop_heads(frame)):
            if words.search(statement_text(site)):
                return site
        if bug.blames != "words":
            continue
        if caller is not None and frame.function.rpartition(".")[2] in names_in(statement_text(caller)):
            if words.search(statement_text(caller)):
                return caller
        source = source_of(frame.file)
        lines = [line for name in sorted(names_in(statement_text(frame))) for line in definitions(source).get(name, ())]
        for line in [*lines, *mentions(source, frame.function.rpartition(".")[2])]:
            if words.search(statement_text(Site(frame.file, line, line))):
                return Site(frame.file, line, line)
    return None


def site_closing_over(trace: Trace, node: int) -> Site | None:
    """The outermost line on the way to a step that reads data which its function was not given: a closure's or a global."""
    for frame in reversed(frames_of(trace.sites[node])):
        if reads_from_outside(source_of(frame.file), frame.line):
            return frame
    return None


def loop_heads(site: Site) -> list[Site]:
    """The heads of the `for` loops around a line in its function, innermost first."""
    tree = parsed(source_of(site.file))
    around = scopes_around(tree, site.line)
    loops = [
        part
        for part in ast.walk(around[-1] if around else tree)
        if isinstance(part, ast.For) and part.iter.end_lineno < site.line <= part.end_lineno
    ]
    return [Site(site.file, loop.lineno, loop.iter.end_lineno) for loop in sorted(loops, key=lambda loop: -loop.lineno)]


def statement_text(site: Site) -> str:
    source = source_of(site.file)
    start, end = statement_lines(source, site.line) if source else (1, 0)
    if site.listed:
        start, end = site.line, site.end_line
    return "\n".join(line.partition("  #")[0] for line in source.splitlines()[start - 1 : end])


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\b[A-Za-z_]\w*\b", text))


@functools.lru_cache(maxsize=16)
def definitions(source: str) -> dict[str, tuple[int, ...]]:
    """Lines on which a name is bound to the result of a call, or a function of that name is decorated."""
    found: dict[str, tuple[int, ...]] = {}
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for target in node.targets:
                name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", None)
                if name:
                    found[name] = (*found.get(name, ()), node.lineno)
        elif isinstance(node, SCOPES[:2]):
            for decorator in node.decorator_list:
                found[node.name] = (*found.get(node.name, ()), decorator.lineno)
    return found


@functools.lru_cache(maxsize=256)
def mentions(source: str, function: str) -> tuple[int, ...]:
    """Lines that name a function without being in it."""
    tree = parsed(source)
    own = [node for node in ast.walk(tree) if isinstance(node, SCOPES[:2]) and node.name == function]
    return tuple(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and node.id == function
        and not any(scope.lineno <= node.lineno <= scope.end_lineno for scope in own)
    )


@functools.lru_cache(maxsize=256)
def reads_from_outside(source: str, line: int) -> bool:
    """Whether the statement on a line reads a name that the function around it neither takes nor binds.

    What is called counts as no such name, and neither do functions, classes, modules and single constants: only what is
    bound by an assignment in the module or by an enclosing function is data.
    """
    tree = parsed(source)
    around = scopes_around(tree, line)
    if not around:
        return False
    start, end = statement_lines(source, line)
    called = {id(base(node.func)) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    read = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and start <= node.lineno <= end
        and id(node) not in called
    } - bound_in(around[-1])
    outer = set().union(*(bound_in(scope) for scope in around[:-1]))
    outer |= {
        target.id
        for statement in tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
        for target in ast.walk(statement)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
        if not isinstance(statement.value, (ast.Constant, ast.Lambda))
    }
    return bool(read & outer - set(dir(builtins)))


def base(node: ast.AST) -> ast.AST:
    """The name that an attribute's attribute is of."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node


def scopes_around(tree: ast.AST, line: int) -> list[ast.AST]:
    """The functions around a line, outermost first."""
    found = [node for node in ast.walk(tree) if isinstance(node, SCOPES) and node.lineno <= line <= node.end_lineno]
    return sorted(
        (node for node in found if first_line(node) <= line), key=lambda node: (node.lineno, -node.end_lineno)
    )


def first_line(scope: ast.AST) -> int:
    body = scope.body if isinstance(scope.body, list) else [scope.body]
    return min(scope.lineno, body[0].lineno)


def bound_in(scope: ast.AST) -> set[str]:
    """Names that a function takes or binds, those of the functions in it apart."""
    arguments = scope.args
    names = {
        argument.arg
        for argument in [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *filter(None, (arguments.vararg, arguments.kwarg)),
        ]
    }
    stack = list(scope.body) if isinstance(scope.body, list) else [scope.body]
    while stack:
        node = stack.pop()
        if isinstance(node, SCOPES[:2] + (ast.ClassDef,)):
            names.add(node.name)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        stack.extend(ast.iter_child_nodes(node))
    return names
