"""Lines that hand a value on unchanged, as dropout does in evaluation mode, and so leave no step behind."""

import ast

from refkit.alignment.matching import Alignment
from refkit.diagnosis.blame import statement_lines
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.wording import scopes_around
from refkit.tracing.trace import Site


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
            if isinstance(part, ast.Assign) and first < part.lineno < last and part.lineno not in traced and hands_on(part):
                return Site(site.file, part.lineno, part.end_lineno)
    return None


def end_of_loop(scope: ast.AST, line: int) -> int:
    """The line behind the innermost loop around a line; the line itself where there is none."""
    loops = [part for part in ast.walk(scope) if isinstance(part, (ast.For, ast.While)) and part.lineno <= line <= part.end_lineno]
    return min((loop.end_lineno + 1 for loop in loops), default=line)


def hands_on(assignment: ast.Assign) -> bool:
    """Whether a statement calls something on the very name that it binds: `x = self.dropout(x)`."""
    bound = {target.id for target in assignment.targets if isinstance(target, ast.Name)}
    called = assignment.value.args if isinstance(assignment.value, ast.Call) else []
    return any(isinstance(argument, ast.Name) and argument.id in bound for argument in called)
