"""The line that chose the wrong one of several right values."""

import ast
import math

from refkit.alignment.matching import Alignment, square_sum
from refkit.diagnosis.blame import LAYOUT, same_line, statement_lines
from refkit.diagnosis.returned_states import own_parts, returned_as_given
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.wording import bound_in, scopes_around
from refkit.tracing.callers import frames_of
from refkit.tracing.trace import Site, Trace

TAKING = {"slice", "squeeze", "rev", "gather", "dynamic_slice", "slice-of-scan", "split"}  # a part of a larger value


def chosen_before(alignment: Alignment, node: int, made: bool = False) -> Site | None:
    """Where the operand was chosen that the departing step should not have had, one step back by definition and use.

    Every value that the step takes is one of the reference's; the wrong one is that which the reference does not use for
    such a step. Where it was taken out of others, the line that took it; else the line on which the function with the step
    got it; or, with `made`, the line that made it. What was kept in a list or dict was chosen where it is taken from there.
    """
    yours = alignment.yours
    for parent in yours.parents[node]:
        if alignment.matched[parent] < 0 or not yours.data[parent] or is_used_so(alignment, parent, node):
            continue
        if (made or yours.ops[parent] in TAKING) and yours.sites[parent] is not None:
            return yours.sites[parent]
        here = {(frame.file, frame.function) for frame in frames_of(yours.sites[node])[:1]}
        frames = [frame for frame in frames_of(yours.sites[parent]) if (frame.file, frame.function) in here]
        return (
            yours.sites[node] if frames and is_taken_there(frames[0], yours.sites[node]) else next(iter(frames), None)
        )
    return None


def returned_alone(trace: Trace, node: int) -> Site | None:
    """The `return` of one name, in the function that a departing step's own function called for what it takes.

    None where no such function gave the step its values, or where that gives several: then the choice was made outside.
    """
    outer = {(frame.file, frame.function) for frame in frames_of(trace.sites[node])[:1]}
    for parent in trace.parents[node]:
        frames = frames_of(trace.sites[parent]) if trace.data[parent] else ()
        within = [k for k, frame in enumerate(frames) if (frame.file, frame.function) in outer]
        callee = frames[within[0] - 1] if within and within[0] else None
        around = scopes_around(parsed(source_of(callee.file)), callee.line) if callee is not None else []
        returns = (
            [part for part in own_parts(around[-1]) if isinstance(part, ast.Return)] if is_function(around) else []
        )
        if len(returns) == 1 and isinstance(returns[0].value, ast.Name):
            return Site(callee.file, returns[0].lineno, returns[0].end_lineno)
    return None


def is_function(around: list[ast.AST]) -> bool:
    return bool(around) and isinstance(around[-1], (ast.FunctionDef, ast.AsyncFunctionDef))


def given_zeros(trace: Trace, node: int) -> Site | None:
    """The line that gave a function of yours the zeros which a step in it takes for a state; None where none is called so.

    That is the line of the function that made them on which they are handed on; or, in a step that a loop calls, the line
    that bound them to the name of the state without computing anything, or on which it returns the state that it was given.
    """
    made = made_of_zeros(trace, node)
    frames = frames_of(trace.sites[node])
    at = 0
    while at + 1 < len(frames) and made is not None and owner_of(frames[at]) != made.function:
        if frames[at].function.rpartition(".")[2] not in called_at(frames[at + 1]):
            break
        at += 1
    if at and owner_of(frames[at]) == made.function:
        return frames[at]
    return (alias_before(frames[at]) or returned_as_given(frames[at])) if frames else None


def owner_of(site: Site) -> str:
    """The function that a line belongs to; a lambda's belongs to the function around it."""
    return site.function.removesuffix("<lambda>").removesuffix(".<locals>.").rstrip(".") or site.function


def returned_zeros(trace: Trace, node: int) -> Site | None:
    """The line that returned zeros to a step from a function that its own line calls; None where there is none."""
    made = made_of_zeros(trace, node)
    frames = frames_of(made)
    if len(frames) < 2 or not same_line(frames[1], trace.sites[node]):
        return None
    around = scopes_around(parsed(source_of(made.file)), made.line)
    returns = [part for part in ast.walk(around[-1]) if isinstance(part, ast.Return)] if around else []
    last = max(returns, key=lambda part: part.lineno, default=None)
    return None if last is None else Site(made.file, last.lineno, last.end_lineno)


def made_of_zeros(trace: Trace, node: int) -> Site | None:
    """Where the zeros were made that a step takes, itself or through other steps of its line, or joined with others."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        for parent in trace.parents[current]:
            value = trace.values[parent]
            if same_line(trace.sites[parent], trace.sites[node]) or trace.ops[parent] in LAYOUT and trace.data[parent]:
                waiting.append(parent)
            elif not trace.data[parent] and value.dtype.kind == "f" and value.size > 1 and not value.any():
                return trace.sites[parent]
    return None


def called_at(site: Site) -> set[str]:
    """Names of the functions that a statement calls."""
    functions = [part.func for part in parts_at(site) if isinstance(part, ast.Call)]
    return {getattr(function, "attr", getattr(function, "id", "")) for function in functions}


def alias_before(site: Site) -> Site | None:
    """The statement before one, in its function, that binds a name it reads to what an enclosing function made."""
    source = source_of(site.file)
    around = scopes_around(parsed(source), site.line)
    read = {part.id for part in parts_at(site) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    found = None
    for part in ast.walk(around[-1]) if around else ():
        if (
            isinstance(part, ast.Assign)
            and part.end_lineno < site.line
            and isinstance(part.value, (ast.Name, ast.Tuple))
        ):
            names = {name.id: name.ctx for name in ast.walk(part) if isinstance(name, ast.Name)}
            bound = {name for name, context in names.items() if isinstance(context, ast.Store)}
            if bound & read and not (set(names) - bound) & bound_in(around[-1]):
                found = Site(site.file, part.lineno, part.end_lineno)
    return found


def is_taken_there(kept: Site, taking: Site) -> bool:
    """Whether the statement at `taking` indexes what the statement at `kept` puts a value into."""
    containers = {name for part in parts_at(kept) for name in (stored_into(part),) if name}
    read = {
        part.value.id
        for part in parts_at(taking)
        if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load) and isinstance(part.value, ast.Name)
    }
    return bool(containers & read)


def stored_into(part: ast.AST) -> str | None:
    """The name of the list or dict that a part of a statement stores into: `states[t] = h`, `states.append(h)`."""
    if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store) and isinstance(part.value, ast.Name):
        return part.value.id
    function = part.func if isinstance(part, ast.Call) else None
    if (
        isinstance(function, ast.Attribute)
        and function.attr in ("append", "insert")
        and isinstance(function.value, ast.Name)
    ):
        return function.value.id
    return None


def parts_at(site: Site) -> list[ast.AST]:
    """The syntax of the statement at a place."""
    source = source_of(site.file)
    first, last = statement_lines(source, site.line)
    return [part for part in ast.walk(parsed(source)) if first <= getattr(part, "lineno", 0) <= last]


def is_used_so(alignment: Alignment, parent: int, node: int) -> bool:
    """Whether the reference, too, makes such a step of one of your values, with the same parameters."""
    yours, reference = alignment.yours, alignment.reference
    others = company_of(yours, node)
    consumers = reference.consumers()
    for match in alignment.known.find(yours.values[parent], yours.narrow[parent]):
        for consumer in consumers[match]:
            company = company_of(reference, consumer)
            if reference.ops[consumer] == yours.ops[node] and len(company) == len(others):
                if all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-12) for a, b in zip(company, others)):
                    return True
    return False


def company_of(trace: Trace, node: int) -> list[float]:
    """The parameters that a step takes, each by its sum of squares."""
    return sorted(square_sum(trace.values[parent]) for parent in trace.parents[node] if not trace.data[parent])
