"""The advice: in the guide's order, and every change of it is one that a reference can make."""

import dataclasses

import pytest
from click.testing import CliRunner

from refkit.commands.improve import improve
from refkit.edits.catalogue import REFERENCES, edited_source, find_choice
from refkit.improvement import advice
from refkit.improvement.move import Move
from refkit.subjects import BY_NAME
from refkit.subjects.reference import build

ORDER = {
    "underfitting": "bigger model, regularisation, error analysis, architecture, hyper-parameters, features",
    "overfitting": "training examples, normalisation, augmentation, regularisation, error analysis, architecture, "
    "hyper-parameters, early stopping, fewer features, smaller model",
    "shift": "collect, synthesise, domain adaptation",
    "rebalancing": "split anew",
}
MOVES = sorted(
    {
        (reference, term, item.name, k)
        for reference in REFERENCES
        for term, items in advice.BY_TERM.items()
        for item in items
        for k, move in enumerate(item.moves)
        if move.changed(advice.default_config(reference)) or reference in move.options
    }
)


@pytest.mark.parametrize("problem", ORDER)
def test_items_come_in_the_guides_order(problem):
    items = advice.BY_TERM[advice.find_term(problem)]
    for item, words in zip(items, ORDER[problem].split(", ")):
        assert words.split()[-1].rstrip("s") in item.name


def test_every_item_says_what_to_change_or_where():
    for items in advice.BY_TERM.values():
        assert all(item.moves or item.where for item in items)


@pytest.mark.parametrize(("reference", "term", "name", "k"), MOVES)
def test_a_reference_can_make_each_change(reference, term, name, k):
    item = next(item for item in advice.BY_TERM[term] if item.name == name)
    move: Move = item.moves[k]
    options = {}
    if reference in move.options:
        option, value = move.options[reference]
        assert find_choice(reference, option).edit(value) is not None  # an option, and not its default
        options[option] = value
    changed = move.changed(advice.default_config(reference))
    source = edited_source(reference, options)
    built = build(reference, BY_NAME[reference].model, source).config
    assert all(hasattr(built, field) for field in changed)
    dataclasses.replace(built, **changed)
    assert all(value != getattr(built, field) for field, value in changed.items())


def test_each_reference_has_changes_against_bias_and_variance():
    for reference in REFERENCES:
        for problem in ("underfitting", "overfitting"):
            assert sum(1 for one in MOVES if one[0] == reference and one[1] == advice.find_term(problem)) >= 3


def test_a_config_is_told_its_own_changes():
    done = CliRunner().invoke(improve, ["--term", "underfitting", "--reference", "mlp"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "against avoidable bias (underfitting), in this order"
    assert lines[2] == "    change: hidden=(64,) → (128,)"
    assert lines[-1] == ("next: try it: python scripts/improve.py --term underfitting --try mlp, or --try my.py:train")


def test_the_leading_term_is_the_one_advised_on():
    words = "--irreducible 0.01 --train 0.03 --train-val 0.04 --test-val 0.12 --test 0.13".split()
    done = CliRunner().invoke(improve, words)
    assert "against distribution shift, in this order" in done.stdout
    assert done.stdout.splitlines()[-1] == "next: collect what is missing, then evaluate again"


def test_an_unknown_term_is_one_sentence():
    done = CliRunner().invoke(improve, ["--term", "luck"])
    assert done.exit_code == 2 and done.stderr == (
        "error: no term is called `luck`: give one of `avoidable bias`, `bias`, `distribution shift`, `overfitting`, "
        "`rebalancing`, `shift`, `underfitting`, `validation overfitting`, `variance`\n"
    )
