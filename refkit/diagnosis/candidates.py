"""The edits that may explain a departure, the likeliest first."""

import dataclasses
import difflib
import re
from collections.abc import Iterator

from refkit.diagnosis.bench import Bench
from refkit.diagnosis.setting import Planted, Setting
from refkit.edits.catalogue import bugs_for, choices_for
from refkit.edits.choice import Choice

OUTPUT_OPTIONS = ("output",)
INITIAL_VALUES = ("initialization", "forget-bias")  # options that change no value of a program, only its start


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One edit on top of a setting.

    Attributes:
        setting: the setting with the edit.
        kind: `choice` or `bug`.
        id: the option's name, or the bug's id.
        value: the option's value, or where the bug is.
        bug: the planted bug, or None.
        base: what the edit is on top of, where that is not the setting found before.
        instead: an option found before that the edit takes the place of, or None.
    """

    setting: Setting
    kind: str
    id: str
    value: str
    bug: Planted | None = None
    instead: str | None = None
    base: Setting | None = None


def choice_candidates(
    bench: Bench, setting: Setting, fixed: frozenset[str], found_by: str, source: str
) -> Iterator[Candidate]:
    """Every closed value of every option that is not set yet.

    Args:
        source: the text of your file, which may deny a choice.
        fixed: options that the user gave, or that are found: they stay.
        found_by: `values` or `structure`.
    """
    for choice in choices_for(bench.name):
        if choice.found_by != found_by or choice.option in fixed or choice.option.endswith(INITIAL_VALUES):
            continue
        for value in closed_values(choice):
            if value == choice.values[0] or choice.denied(value, source):
                continue
            if not choice.doubtful(value, dict(setting.options)):
                yield Candidate(setting.with_option(choice.option, value), "choice", choice.option, value)


def choices_together(bench: Bench, setting: Setting, fixed: frozenset[str], source: str) -> Iterator[Candidate]:
    """Every choice that another one needs, together with that: layers without bias because a normalisation follows."""
    every = {choice.option: choice for choice in choices_for(bench.name)}
    for choice in every.values():
        for value in closed_values(choice) if choice.option not in fixed else ():
            edit = None if value == choice.values[0] else choice.edit(value)
            needed = [option for option in edit.options if setting.value(option) is None] if edit is not None else []
            if choice.found_by != "structure" or len(needed) != 1 or needed[0] in fixed:
                continue
            first = every[needed[0]]
            for other in closed_values(first)[1:]:
                if not first.denied(other, source):
                    both = setting.with_option(first.option, other).with_option(choice.option, value)
                    yield Candidate(both, "choice", first.option, f"{other}, {choice.option}={value}")


def closed_values(choice: Choice) -> tuple[str, ...]:
    return tuple(value for value in choice.values if "<" not in value)


def instead_of_choices(bench: Bench, setting: Setting, given: frozenset[str]) -> list[Candidate]:
    """Bugs that look like a choice until the loss is known: a softmax in the model is right for a loss on probabilities only."""
    found = []
    for option in OUTPUT_OPTIONS:
        if setting.value(option) is not None and option not in given:
            plain = setting.without_option(option)
            found += [
                dataclasses.replace(candidate, instead=option)
                for candidate in bug_candidates(bench, plain, ("forward", "loss"))
            ]
    return found


def bug_candidates(
    bench: Bench, setting: Setting, rungs: tuple[str, ...], with_options: bool = False
) -> list[Candidate]:
    """Every form of every known bug that these rungs catch and that is not in the setting.

    Args:
        with_options: those alone that need an option which the setting does not have, together with that option.
    """
    found = []
    planted = set(setting.bugs)
    for bug, edit in bugs_for(bench.name):
        bug_here = Planted.of(bug, edit)
        if bug_here in planted or bug.rung_of(edit) not in rungs:
            continue
        options = setting
        for option, value in edit.options.items():
            if setting.value(option) is None:
                options = options.with_option(option, value)
        if (options != setting) != with_options:
            continue
        found.append(Candidate(options.with_bug(bug_here), "bug", bug.id, edit.where, bug_here))
    return found


def places_of(before: str, after: str) -> set[int]:
    """The lines of a source at which an edit of it may show: those that it touches, and those that use what it touches.

    A field of `Config` shows where its name is used, an attribute made in a constructor where it is called.
    """
    old, new = before.splitlines(), after.splitlines()
    touched: set[int] = set()
    for tag, a, b, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            touched |= set(range(a + 1, max(b, a + 1) + 1))
    places, names = set(touched), set()
    fresh = names_made(old[line - 1] for line in touched if line <= len(old))
    while fresh - names:
        names |= fresh
        word = re.compile(rf"\b(?:{'|'.join(sorted(names))})\b")
        using = {number for number, text in enumerate(old, start=1) if word.search(text)}
        fresh = names_made(old[number - 1] for number in using - places)
        places |= using
    return places


MADE = re.compile(r"^    (\w+): |self\.(\w+)(?=[^=(]* = )|^def (\w+)\(|^ +(\w{4,})(?:, (\w{4,}))* = ")


def names_made(lines) -> set[str]:
    """Names of fields, attributes, functions and longer local variables that the lines define."""
    return {
        name for line in lines for found in MADE.findall(line) for name in found if name and not name.startswith("__")
    }
