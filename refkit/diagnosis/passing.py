"""Lines that hand a value on unchanged, as dropout does in evaluation mode, and so leave no step behind."""

import ast
import re

from refkit.alignment.matching import Alignment
from refkit.diagnosis.blame import LAYOUT, statement_lines
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.wording import scopes_around, statement_text
from refkit.tracing.callers import frames_of
from refkit.tracing.trace import Site, Trace

LAX = re.compile(r"\b(lax\.conv|conv_general_dilated)")


def passing_site(alignment: Alignment, node: int) -> Site | None:
    """The first line between what made the operand of a step and the step, in one function, that reads and binds it anew.

    It takes the value before the step does, if only to hand it on.
    """
    trace = alignment.yours
    site = trace.sites[node]
    for parent in reversed(trace.parents[node]):
        made = trace.sites[parent]
        if not trace.data[parent] or made is None or site is None or made.file != site.file:
            continue
        source = source_of(site.file)
        around = scopes_around(parsed(source), site.line)
        if not around or around != scopes_around(parsed(source), made.line):
            continue
        first, last = statement_lines(source, made.line)[1], statement_lines(source, site.line)[0]
        if last <= first:  # the step is of the next round of a loop
            last = end_of_loop(around[-1], made.line)
        traced = {other.line for other in trace.sites if other is not None and other.file == site.file}
        for part in sorted(ast.walk(around[-1]), key=lambda part: getattr(part, "lineno", 0)):
            if not isinstance(part, ast.Assign) or not first < part.lineno < last or part.lineno in traced:
                continue
            if hands_on(part) and not instead_of(around[-1], part.lineno, (made.line, site.line)):
                return Site(site.file, part.lineno, part.end_lineno)
    return None


def reader_of(trace: Trace, node: int) -> Site | None:
    """The next statement that reads what the convolution at a step is bound to.

    `jax.lax`'s calls fill a statement of their own, so that the bias is added behind them. None for any other step.
    """
    site = trace.sites[node]
    if site is None or trace.ops[node] != "conv_general_dilated" or not LAX.search(statement_text(site)):
        return None
    scopes = scopes_around(parsed(source_of(site.file)), site.line)
    statements = (
        [part for part in ast.walk(scopes[-1]) if isinstance(part, ast.stmt) and part is not scopes[-1]]
        if scopes
        else []
    )
    here = [part for part in statements if isinstance(part, ast.Assign) and part.lineno <= site.line <= part.end_lineno]
    bound = {target.id for part in here for target in part.targets if isinstance(target, ast.Name)}
    behind = [part for part in statements if here and part.lineno > here[0].end_lineno and bound & names_read(part)]
    first = min(behind, key=lambda part: part.lineno, default=None)
    return None if first is None else Site(site.file, first.lineno, first.end_lineno)


def behind_gap(trace: Trace, node: int) -> Site | None:
    """The element of a list behind the one that made what a step takes, if only slices, turns and reshapes lie between."""
    behind = [node]
    while True:
        before = [parent for parent in trace.parents[behind[-1]] if trace.data[parent]]
        if not before:
            return None
        if trace.ops[before[0]] not in LAYOUT:
            break
        behind.append(before[0])
    made = elements_of(trace, before[0])
    for step in reversed(behind):
        for function, element in elements_of(trace, step).items():
            if function in made and made[function].line != element.line:
                return element
    return None


def elements_of(trace: Trace, node: int) -> dict[str, Site]:
    """By list, the element on the way to a step."""
    return {frame.function: frame for frame in frames_of(trace.sites[node]) if frame.listed}


def names_read(part: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(part) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)}


def end_of_loop(scope: ast.AST, line: int) -> int:
    """The line behind the innermost loop around a line; the line itself where there is none."""
    loops = [
        part
        for part in ast.walk(scope)
        if isinstance(part, (ast.For, ast.While)) and part.lineno <= line <= part.end_lineno
    ]
    return min((loop.end_lineno + 1 for loop in loops), default=line)


def instead_of(scope: ast.AST, line: int, others: tuple[int, ...]) -> bool:
    """Whether a line is in a branch that is taken instead of another line's."""
    for part in ast.walk(scope):
        branches = [branch for branch in (part.body, part.orelse) if branch] if isinstance(part, ast.If) else []
        at = [branch[0].lineno <= line <= branch[-1].end_lineno for branch in branches]
        if (
            len(at) == 2
            and any(at)
            and any(
                at[0] != (branches[0][0].lineno <= other <= branches[0][-1].end_lineno)
                for other in others
                if part.lineno <= other <= part.end_lineno
            )
        ):
            return True
    return False


def hands_on(assignment: ast.Assign) -> bool:
    """Whether a statement calls something on the very name that it binds: `x = self.dropout(x)`."""
    bound = {target.id for target in assignment.targets if isinstance(target, ast.Name)}
    called = assignment.value.args if isinstance(assignment.value, ast.Call) else []
    return any(isinstance(argument, ast.Name) and argument.id in bound for argument in called)
