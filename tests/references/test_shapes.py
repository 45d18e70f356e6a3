"""Every shape comment of a reference is true, and every line of a forward pass has one."""

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from refkit.references import lenet
from tests.references.shapes import agrees, read_lines, watch
from tests.references.subjects import SUBJECTS, Subject

SIZES = {"batch": 3, "examples": 3, "steps": 20}


def false_comments(file: Path, call) -> list[str]:
    """The lines whose comment is not what a value on them was, and the lines that never ran."""
    lines = read_lines(file)
    seen = list(watch(file, lines, call))
    wrong = {
        value.line: f"line {value.line} gave {value}" for value in seen if not agrees(value, lines[value.line], SIZES)
    }
    idle = {number: f"line {number} never ran" for number in lines.keys() - {value.line for value in seen}}
    return list((wrong | idle).values())


def run(subject: Subject) -> None:
    """One loss, without jit, on 3 examples of the default data."""
    subject.module.loss_fn(subject.build(), *subject.examples(SIZES["examples"]))


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_shape_comments_are_true(subject):
    assert false_comments(Path(subject.module.__file__), lambda: run(subject)) == []


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_forward_line_has_a_shape(subject):
    file = Path(subject.module.__file__)
    lines = read_lines(file)
    bare = [ast.unparse(line) for line in forward_lines(file) if line.lineno not in lines]
    assert bare == []


def forward_lines(file: Path):
    """Assignments but those of settings, and returns of something computed, in `__call__`, `run`, `step` and `loss_fn`."""
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name in ("__call__", "run", "step", "loss_fn"):
            for line in function.body:
                returns_a_call = isinstance(line, ast.Return) and isinstance(line.value, ast.Call)
                if returns_a_call or (isinstance(line, ast.Assign) and "self.config" not in ast.unparse(line)):
                    yield line


@pytest.mark.parametrize(
    "old, new", [("14, 14, 6]", "14, 14, 5]"), ("# f32[batch, 84]", "# i32[batch, 84]"), ("f32[]", "f32[1]")]
)
def test_a_false_comment_is_found(tmp_path, old, new):
    file = tmp_path / "lenet.py"
    file.write_text(Path(lenet.__file__).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    module = import_file(file)
    false = false_comments(file, lambda: module.loss_fn(lenet_of(module), *SUBJECTS[1].examples(3)))
    assert any("gave" in line for line in false)


def import_file(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lenet_of(module: ModuleType):
    return module.LeNet(module.Config(), module.nnx.Rngs(0))
