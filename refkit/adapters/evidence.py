"""What the text of the user's file says of its inputs: dummy shapes, layouts in comments, how it makes its model."""

import ast
import dataclasses
import functools
import re

from refkit.adapters import roles
from refkit.adapters.drawn_axes import examples_axis
from refkit.adapters.expressions import UNKNOWN, Unreadable, evaluate, local_values, name_of
from refkit.adapters.names import Names

TIME_FIRST = re.compile(
    r"\(\s*(t|time|seq_len|steps|seq|length)\s*,\s*(b|n|batch|batch_size)\b|\[\s*(t|time|steps)\s*,\s*(b|n|batch)\b"
    r"|time[- _]?major|time[- _]first|sequence[- ]first",
    re.I,
)
BATCH_FIRST = re.compile(
    r"[(\[]\s*(b|n|batch|batch_size)\s*,\s*(t|time|seq_len|steps|seq|length|l|s)\b|batch[- _]first", re.I
)
CHANNELS_FIRST = re.compile(
    r"\bnchw\b|channels?[- _]first|[(\[]\s*(b|n|batch|batch_size|-1)\s*,\s*(c|channels|1|3)\s*,\s*(h|height|\d+)\b",
    re.I,
)
CHANNELS_LAST = re.compile(
    r"\bnhwc\b|channels?[- _]last|[(\[]\s*(b|n|batch|-1)\s*,\s*(h|height|28|32)\s*,\s*(w|width|28|32)\s*,", re.I
)
MODEL_CALL = re.compile(
    r"(.*_)?(model|net|network|module|lstm|rnn|classifier|apply|apply_fn|apply_fun|forward|predict)"
)


@dataclasses.dataclass
class Evidence:
    """The file's text and syntax tree, the namespace in which its names have values, and the model's own name."""

    source: str
    tree: ast.Module
    namespace: Names
    model: str = ""

    @functools.cached_property
    def time_first(self) -> bool:
        return self.said_first == "time"

    @functools.cached_property
    def batch_first(self) -> bool:
        return self.said_first == "batch"

    @functools.cached_property
    def said_first(self) -> str | None:
        """`time` or `batch`, by the file's words where they agree, else by the data that it draws; None where neither says."""
        time, batch = bool(TIME_FIRST.search(self.source)), bool(BATCH_FIRST.search(self.source))
        if time != batch:
            return "time" if time else "batch"
        return {0: "batch", 1: "time"}.get(self.examples_axis)

    @functools.cached_property
    def examples_axis(self) -> int | None:
        """Which axis of the data that the file draws has the examples, where that shows."""
        names = set(re.findall(r"\w+", self.model))
        definitions = [node for node in self.tree.body if getattr(node, "name", None) in names]
        return examples_axis(self.tree, [part for definition in definitions for part in self.reached(definition)])

    @functools.cached_property
    def channels_first(self) -> bool:
        return bool(CHANNELS_FIRST.search(self.source)) and not CHANNELS_LAST.search(self.source)

    @functools.cached_property
    def mentions_vmap(self) -> bool:
        return "vmap" in self.source

    @functools.cached_property
    def may_take_one_example(self) -> bool:
        """Whether the model may be for one example: a file that speaks of batches maps such a model over them."""
        return self.mentions_vmap or "batch" not in self.source.lower()

    @functools.cached_property
    def looks_up_tokens(self) -> bool:
        return bool(re.search(r"\bEmbed\(|embedding|vocab", self.source, re.I))

    @functools.cached_property
    def gives_lengths(self) -> bool:
        """Whether the model is called with the sequences' lengths, as in `apply_fn(variables, tokens, lengths)`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and MODEL_CALL.fullmatch(name_of(node.func).lower()):
                keys = [part.slice for part in node.args if isinstance(part, ast.Subscript)]
                names = [name_of(part) for part in node.args] + [keyword.arg or "" for keyword in node.keywords]
                names += [str(key.value) for key in keys if isinstance(key, ast.Constant)]
                if any(roles.suits(name, "lengths") for name in names):
                    return True
        return False

    @functools.cached_property
    def dummy_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the arrays that `init` is called with, such as `jnp.ones((1, 28, 28, 1))`."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and name_of(node.func) in {
                "init",
                "init_with_output",
                "tabulate",
                "lazy_init",
            }:
                scope = local_values(node, self.tree)
                for inner in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    found.extend(self.shapes_in(inner, scope))
            elif isinstance(node, ast.Call) and "init" in name_of(node.func).lower():
                found.extend(self.stax_shapes(node))
        return list(dict.fromkeys(found))

    def stax_shapes(self, call: ast.Call) -> list[tuple[int, ...]]:
        """The shape that stax's init functions are called with, such as `(-1, 28, 28, 1)`, for one example."""
        scope = local_values(call, self.tree)
        shapes = [self.value(argument, scope) for argument in call.args if isinstance(argument, ast.Tuple)]
        whole = [shape for shape in shapes if isinstance(shape, tuple) and all(type(size) is int for size in shape)]
        whole = [shape for shape in whole if shape]
        return [(1, *shape[1:]) for shape in whole if shape[0] == -1 and min(shape[1:], default=0) > 0]

    def shapes_in(self, node: ast.AST, scope: dict[str, ast.AST]) -> list[tuple[int, ...]]:
        if isinstance(node, ast.Name):
            return [shape for value in self.assigned(node.id) for shape in self.shapes_in(value, scope)]
        shapes = []
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and name_of(call.func) in {
                "ones",
                "zeros",
                "empty",
                "normal",
                "uniform",
                "ShapeDtypeStruct",
                "randn",
                "rand",
            }:
                for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    shape = self.value(argument, scope)
                    if isinstance(shape, (tuple, list)) and shape and all(type(size) is int for size in shape):
                        shapes.append(tuple(shape))
        return shapes

    def assigned(self, name: str) -> list[ast.AST]:
        return [
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
            and not isinstance(node.value, ast.Name)
        ]

    def calls(self, names: set[str]) -> list[ast.Call]:
        """Calls of any of `names`, in the order of the file."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and name_of(node.func) in names]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset))

    def reached(self, definition: ast.AST | None) -> list[ast.AST]:
        """A function and those of the file that it calls, through others too."""
        defined = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        waiting, found = [definition] if definition is not None else [], []
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            found.append(node)
            called = [name_of(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)]
            waiting += [defined[name] for name in called if name in defined]
        return found

    def text_outside(self, definitions: list[ast.AST]) -> str:
        """The source without the lines of these functions."""
        skipped = {line for node in definitions for line in range(node.lineno, node.end_lineno + 1)}
        return "\n".join(line for number, line in enumerate(self.source.splitlines(), 1) if number not in skipped)

    def value(self, node: ast.AST, scope: dict[str, ast.AST] | None = None):
        """The value of a plain expression over constants and the module's names; `UNKNOWN` where it is none."""
        try:
            return evaluate(node, self.namespace, scope or {}, 0)
        except Unreadable:
            return UNKNOWN
