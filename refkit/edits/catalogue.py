"""Everything that can be edited: options, known bugs, and the sources they make."""

import difflib
from pathlib import Path

from refkit.edits.bug import Bug
from refkit.edits.bugs import BUGS
from refkit.edits.choice import Choice
from refkit.edits.choices import CHOICES
from refkit.edits.edit import Edit, EditError
from refkit.errors import RefkitError

REFERENCES = ("mlp", "lenet", "lstm", "multimodal")


def reference_source(reference: str) -> str:
    """The text of a reference's file."""
    return (Path(__file__).parents[1] / "references" / f"{reference}.py").read_text(encoding="utf-8")


def choices_for(reference: str) -> tuple[Choice, ...]:
    """The options of a reference in the order in which they are applied."""
    return tuple(choice for choice in CHOICES if choice.reference == reference)


def bugs_for(reference: str) -> tuple[tuple[Bug, Edit], ...]:
    """Every known bug of a reference with each of its edits there."""
    return tuple((bug, edit) for bug in BUGS for edit in bug.edits if edit.reference == reference)


def find_bug(id: str) -> Bug:
    """The known bug of that id."""
    for bug in BUGS:
        if bug.id == id:
            return bug
    raise RefkitError(
        f"no known bug is called `{id}`" + near(id, [bug.id for bug in BUGS]) + "; `--list` shows them all"
    )


def find_choice(reference: str, option: str) -> Choice:
    """The option of that name of a reference."""
    choices = {choice.option: choice for choice in choices_for(reference)}
    if option not in choices:
        raise RefkitError(
            f"`{reference}` has no option `{option}`"
            + near(option, list(choices))
            + f"; its options are {', '.join(f'`{name}`' for name in choices)}"
        )
    return choices[option]


def parse_options(text: str) -> tuple[str, dict[str, str]]:
    """`lenet:pool=max,activation=tanh` as the reference's name and its options.

    Raises:
        RefkitError: no such reference, option or value.
    """
    reference, _, rest = text.partition(":")
    if reference not in REFERENCES:
        raise RefkitError(
            f"no reference is called `{reference}`"
            + near(reference, REFERENCES)
            + f"; give one of {', '.join(f'`{name}`' for name in REFERENCES)} or `file.py:Name`"
        )
    options: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        option, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise RefkitError(f"option `{part}` of `{reference}` has no value: write it as `option=value`")
        if option in options:
            raise RefkitError(f"option `{option}` of `{reference}` is given twice: give it once")
        find_choice(reference, option).edit(value)
        options[option] = value
    return reference, options


def edited_source(reference: str, options: dict[str, str], bugs: list[Edit] | tuple[Edit, ...] = ()) -> str:
    """The reference's source with the choices applied in their order, then the bugs.

    Raises:
        RefkitError: two options that do not go together.
        EditError: a bug that does not apply to the reference so configured.
    """
    source = reference_source(reference)
    for choice in sorted((find_choice(reference, option) for option in options), key=CHOICES.index):
        edit = choice.edit(options[choice.option])
        try:
            source = source if edit is None else edit.apply(source)
        except EditError as error:
            raise RefkitError(cannot_have(reference, choice.option, options, edit)) from error
    for bug in bugs:
        source = bug.apply(source)
    return source


def cannot_have(reference: str, option: str, options: dict[str, str], edit: Edit) -> str:
    """The sentence on an option that does not apply to the reference with the others."""
    given = f"`{reference}` cannot have `{option}={options[option]}`"
    needed = [f"`{name}={value}`" for name, value in edit.options.items() if name not in options]
    others = [f"`{name}={value}`" for name, value in options.items() if name != option]
    if needed:
        return f"{given} by itself: give {' and '.join(needed)} or the like with it"
    return f"{given} together with {', '.join(others)}: leave one of them out" if others else f"{given}: leave it out"


def near(word: str, known) -> str:
    """The end of a sentence that offers what may have been meant."""
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    return f": did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
