"""The shape comments of a forward pass, at other sizes than the reference's."""

import re
import sys
import types
from collections.abc import Callable
from typing import Any

import jax

BATCH = 1_009  # examples: a prime that is the size of no other axis
FILE = "<starter>"
COMMENT = re.compile(r"  # (?:f32|i32|u8)\[[^\]]*\]( of .*)?$")
KINDS = {"float32": "f32", "int32": "i32", "uint8": "u8", "bool": "bool"}


def restate(source: str, model: str, inputs: list[jax.ShapeDtypeStruct], target: jax.ShapeDtypeStruct) -> str:
    """The source with the shapes that its model and loss have on these inputs.

    Args:
        model: name of the model's class.
        inputs: shapes and dtypes with BATCH examples.
        target: likewise.
    """
    module = types.ModuleType("refkit_starter")
    module.__file__ = FILE
    exec(compile(source, FILE, "exec"), module.__dict__)
    config = module.Config()

    def call(*arrays):
        return module.loss_fn(getattr(module, model)(config, module.nnx.Rngs(0)), *arrays)

    lines = source.splitlines()
    seen = watch(
        lambda: module.nnx.eval_shape(call, *inputs, target), {k + 1: names(line) for k, line in enumerate(lines)}
    )
    for number, value in seen.items():
        lines[number - 1] = COMMENT.sub(f"  # {said(value)}", lines[number - 1])
    return "\n".join(lines) + "\n"


def names(line: str) -> list[str] | None:
    """What a line with a shape assigns; none where it returns, None where it has no shape."""
    if not COMMENT.search(line):
        return None
    if line.lstrip().startswith("return"):
        return []
    assigned = re.match(r"\s*([\w, ]+) = ", line)
    return [name.strip() for name in assigned[1].split(",") if name.strip() != "_"] if assigned else None


def watch(call: Callable[[], Any], lines: dict[int, list[str] | None]) -> dict[int, Any]:
    """The first value of every line with a shape, while `call` runs."""
    seen: dict[int, Any] = {}

    def follow(frame, event, argument):
        if frame.f_code.co_filename != FILE:
            return None
        before = None

        def step(frame, event, argument):
            nonlocal before
            assigned = lines.get(before)
            if assigned and event in ("line", "return") and assigned[0] in frame.f_locals:
                seen.setdefault(before, frame.f_locals[assigned[0]])
            if assigned == [] and event == "return" and argument is not None:
                seen.setdefault(before, argument)
            before = frame.f_lineno if event == "line" else None
            return step

        return step

    kept = sys.gettrace()
    sys.settrace(follow)
    try:
        call()
    finally:
        sys.settrace(kept)
    return {number: value for number, value in seen.items() if hasattr(value, "shape")}


def said(value: Any) -> str:
    """`f32[batch, 28, 28, 6]`."""
    shape = ", ".join("batch" if axis == BATCH else str(axis) for axis in value.shape)
    return f"{KINDS.get(str(value.dtype), str(value.dtype))}[{shape}]"
