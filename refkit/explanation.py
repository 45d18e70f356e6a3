"""What refkit knows, as text: the references with their options, the checks, the known bugs."""

import ast
from collections.abc import Iterator

from refkit.edits.bug import Bug
from refkit.edits.bugs import BUGS
from refkit.edits.catalogue import REFERENCES, choices_for, near, reference_source
from refkit.edits.choice import Choice
from refkit.edits.choices import CHOICES
from refkit.errors import RefkitError

SHOWN_VALUES = 6


def checks() -> tuple:
    """The ladder's rungs, or none where this version has no ladder yet."""
    try:
        from refkit.checks import CHECKS
    except ModuleNotFoundError as missing:
        if missing.name != "refkit.checks":
            raise
        return ()
    return CHECKS


def title(reference: str) -> str:
    """The first line of the reference's docstring.

    >>> title("mlp")
    'MLP: one hidden layer, for everything that is neither an image nor a sequence.'
    """
    docstring = ast.get_docstring(ast.parse(reference_source(reference))) or ""
    return docstring.partition("\n")[0]


def listing() -> str:
    """All of it, a line each."""
    blocks = [["references, with their options as in `lenet:pool=max`", *reference_lines()]]
    rungs = [(check.name, check.catches) for check in checks()]
    blocks.append(["checks, in the order of the ladder", *columns(rungs)])
    entries = [(bug.id, f"{bug.rung}: {', '.join(sorted({edit.reference for edit in bug.edits}))}") for bug in BUGS]
    blocks.append(["known bugs, the check that catches each first, the references it is known on", *columns(entries)])
    return "\n\n".join("\n".join(block) for block in blocks)


def reference_lines() -> Iterator[str]:
    for reference in REFERENCES:
        yield f"  {reference}: {title(reference)}"
        options = [(choice.option, some_values(choice)) for choice in choices_for(reference)]
        yield from ("  " + line for line in columns(options))


def some_values(choice: Choice) -> str:
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
    texts |= {bug.id: explain_bug(bug) for bug in BUGS}
    for choice in CHOICES:
        texts[choice.option] = "\n\n".join(filter(None, (texts.get(choice.option), explain_choice(choice))))
    if wanted in texts:
        return texts[wanted]
    raise RefkitError(
        f"no check, known bug or option is called `{wanted}`{near(wanted, texts)}; `--list` shows them all"
    )


def explain_check(check) -> str:
    return sections(
        f"{check.name}: a check",
        {"compares": check.compares, "catches": check.catches, "looks like": check.looks_like, "fix": check.fix},
    )


def explain_bug(bug: Bug) -> str:
    places = ", ".join(sorted({edit.reference for edit in bug.edits}))
    parts = {"what": bug.what, "shows": bug.shows, "harm": bug.harm, "mend": bug.mend}
    alike = {"alike": ", ".join(f"`{other}`" for other in bug.alike)} if bug.alike else {}
    return sections(
        f"{bug.id}: a known bug ({bug.group}), caught first by `{bug.rung}`, known on {places}", parts | alike
    )


def explain_choice(choice: Choice) -> str:
    return sections(
        f"{choice.option}: an option of `{choice.reference}`", {"what": choice.what, "values": ", ".join(choice.values)}
    )


def sections(title: str, parts: dict[str, str]) -> str:
    return "\n".join([title, *columns([(name, " ".join(text.split())) for name, text in parts.items()])])
