"""What refkit knows, as text: the references with their options, the checks, the known bugs."""

import ast
import difflib
import importlib
from collections.abc import Iterator
from pathlib import Path

from refkit.errors import RefkitError

SHOWN_VALUES = 6


def known(module: str, name: str) -> tuple:
    """A registry, or nothing where this version has none."""
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as missing:
        if missing.name != module:
            raise
        return ()


def bugs() -> tuple:
    return known("refkit.edits.bugs", "BUGS")


def choices() -> tuple:
    return known("refkit.edits.choices", "CHOICES")


def checks() -> tuple:
    return known("refkit.checks", "CHECKS")


def references() -> dict[str, str]:
    """Name of each reference, and the first line of its docstring."""
    files = sorted((Path(__file__).parent / "references").glob("[!_]*.py"))
    docstrings = {file.stem: ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "" for file in files}
    return {name: text.partition("\n")[0] for name, text in docstrings.items()}


def listing() -> str:
    """All of it, a line each."""
    blocks = [["references, with their options as in `lenet:pool=max`", *reference_lines()]]
    rungs = [(check.name, check.catches) for check in checks()]
    blocks.append(["checks, in the order of the ladder", *columns(rungs)])
    entries = [(bug.id, f"{bug.rung}: {', '.join(sorted({edit.reference for edit in bug.edits}))}") for bug in bugs()]
    blocks.append(["known bugs, the check that catches each first, the references it is known on", *columns(entries)])
    return "\n\n".join("\n".join(block) for block in blocks)


def reference_lines() -> Iterator[str]:
    for name, title in references().items():
        yield f"  {name}: {title}"
        options = [(choice.option, some_values(choice)) for choice in choices() if choice.reference == name]
        yield from ("  " + line for line in columns(options))


def some_values(choice) -> str:
    """The default and the usual values; `--explain` has them all."""
    shown = "|".join(choice.values[:SHOWN_VALUES])
    return shown if len(choice.values) <= SHOWN_VALUES else f"{shown}|… (`--explain {choice.option}` has all)"


def columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name:<{width}}  {text}" for name, text in rows]


def explain(wanted: str) -> str:
    """What a check, a known bug or an option means.

    Args:
        wanted: a rung's name, a bug's id, or an option's name.

    Raises:
        RefkitError: if nothing has that name, with the nearest names.
    """
    texts = {check.name: explain_check(check) for check in checks()}
    texts |= {bug.id: explain_bug(bug) for bug in bugs()}
    for choice in choices():
        texts[choice.option] = "\n\n".join(filter(None, (texts.get(choice.option), explain_choice(choice))))
    if wanted in texts:
        return texts[wanted]
    near = difflib.get_close_matches(wanted, texts, n=3, cutoff=0.5)
    advice = f"did you mean {', '.join(f'`{name}`' for name in near)}?" if near else "`--list` shows all there are"
    raise RefkitError(f"no check, known bug or option is called `{wanted}`; {advice}")


def explain_check(check) -> str:
    return sections(
        f"{check.name}: a check",
        {"compares": check.compares, "catches": check.catches, "looks like": check.looks_like, "fix": check.fix},
    )


def explain_bug(bug) -> str:
    places = ", ".join(sorted({edit.reference for edit in bug.edits}))
    parts = {"what": bug.what, "shows": bug.shows, "harm": bug.harm, "mend": bug.mend}
    alike = {"alike": ", ".join(f"`{other}`" for other in bug.alike)} if bug.alike else {}
    return sections(f"{bug.id}: a known bug ({bug.group}), caught first by `{bug.rung}`, known on {places}", parts | alike)


def explain_choice(choice) -> str:
    return sections(
        f"{choice.option}: an option of `{choice.reference}`", {"what": choice.what, "values": ", ".join(choice.values)}
    )


def sections(title: str, parts: dict[str, str]) -> str:
    return "\n".join([title, *columns([(name, " ".join(text.split())) for name, text in parts.items()])])
