"""A definition of a source at a time: replaced, left out, or put before another."""

import ast
import dataclasses

from refkit.edits.edit import EditError


@dataclasses.dataclass(frozen=True)
class Define:
    """Write a top-level function or class anew; without a text, leave it out.

    Args:
        name: which.
        text: its new text, several definitions if need be.
        before: put the text before that definition instead, and leave that one as it is.
    """

    name: str
    text: str = ""
    before: bool = False

    def apply(self, source: str) -> str:
        start, end = span(source, self.name)
        text = self.text.strip("\n") + "\n\n\n" if self.text else ""
        return source[:start] + text + (source[start:] if self.before else source[end:])


@dataclasses.dataclass(frozen=True)
class Describe:
    """Write the docstring of a top-level function or class anew."""

    name: str
    text: str

    def apply(self, source: str) -> str:
        start, end = span(source, self.name)
        inside = source[start:end]
        first, quotes, rest = inside.partition('"""')
        _, closing, after = rest.partition('"""')
        return source[:start] + first + quotes + self.text + closing + after + source[end:]


def span(source: str, name: str) -> tuple[int, int]:
    """From the first character of a definition, its decorators included, to that of what follows it."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            end = starts[node.end_lineno]
            while source[end : end + 1] == "\n":
                end += 1
            return starts[first - 1], end
    raise EditError(f"`{name}` is not defined")


def text_of(source: str, name: str) -> str:
    """The text of a definition, without the empty lines behind it."""
    start, end = span(source, name)
    return source[start:end].rstrip("\n") + "\n"
