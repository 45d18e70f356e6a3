"""Imports go one way, frameworks stay behind the adapters, files stay small."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = {"flax", "haiku", "equinox", "torch", "keras"}
# What each part may import of refkit: itself always. A part that is not named here may import what it needs.
MAY_IMPORT = {
    "errors": set(),
    "implementation": set(),
    "references": set(),
    "tracing": set(),
    "alignment": {"tracing"},
    "edits": {"errors"},
    "loading": {"errors"},
    "report": {"errors"},
    "adapters": {"errors", "implementation"},
    "process": set(),
    "progress": set(),
    "lowering": set(),
}
# The references are written in Flax NNX; `subjects` builds them.
MAY_KNOW_FRAMEWORKS = {"adapters", "references", "subjects"}
DRAWERS = {"utils", "helpers", "common", "core", "base"}
PACKAGE_FILES = sorted((ROOT / "refkit").rglob("*.py"))
REFERENCES = sorted((ROOT / "refkit" / "references").glob("[!_]*.py"))
BASELINES = sorted((ROOT / "baselines").glob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports, at any depth, by its full name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top_level_imports(file: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(file)}


def length(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def part(file: Path) -> str:
    """`tracing` for refkit/tracing/trace.py, `cli` for refkit/cli.py."""
    return file.relative_to(ROOT / "refkit").with_suffix("").parts[0]


def parts_imported(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(file) if name.startswith("refkit.")}


def offenders(files: Iterable[Path], offends: Callable[[Path], object]) -> list[str]:
    """The files for which `offends` gives something, with what it gives."""
    return [f"{file.relative_to(ROOT)}: {found}" for file in files if (found := offends(file))]


def test_imports_go_one_way():
    bound = [file for file in PACKAGE_FILES if part(file) in MAY_IMPORT]
    assert offenders(bound, lambda file: parts_imported(file) - MAY_IMPORT[part(file)] - {part(file)}) == []


def test_only_adapters_and_references_know_a_framework():
    others = [file for file in PACKAGE_FILES if part(file) not in MAY_KNOW_FRAMEWORKS]
    assert offenders(others, lambda file: top_level_imports(file) & FRAMEWORKS) == []


def test_an_implementation_knows_no_framework_at_all():
    file = ROOT / "refkit" / "implementation.py"
    assert not top_level_imports(file) & (FRAMEWORKS | {"jax", "numpy"})


def test_references_import_nothing_of_refkit():
    assert offenders(REFERENCES, lambda file: top_level_imports(file) & {"refkit"}) == []


def test_references_are_short():
    assert offenders(REFERENCES, lambda file: length(file) >= 200 and length(file)) == []


def test_baselines_know_no_check():
    assert offenders(BASELINES, lambda file: parts_imported(file) - {"datasets", "errors"}) == []


def test_scripts_are_command_line_only():
    assert (
        offenders(
            (ROOT / "scripts").glob("*.py"),
            lambda file: parts_imported(file) - {"benchmarks", "cli", "commands", "process"},
        )
        == []
    )


def test_a_file_holds_one_concept():
    assert offenders([*PACKAGE_FILES, *BASELINES], lambda file: length(file) > 400 and length(file)) == []


def test_no_file_is_a_drawer():
    assert offenders(PACKAGE_FILES, lambda file: {file.stem} & DRAWERS) == []
