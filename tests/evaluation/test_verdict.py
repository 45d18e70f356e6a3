"""Which term to work on: chosen where the draws agree, and said to be open where they do not."""

import pytest

from refkit.evaluation.stated import of_errors
from refkit.evaluation.verdict import judge

ERRORS = {"irreducible": 0.01, "train": 0.03, "train_val": 0.08, "test_val": 0.12, "test": 0.13}


def verdict(errors, count=None):
    counts = {name: count for name in errors if name != "irreducible"} if count else {}
    return judge(of_errors(errors, counts, 1000, 0))


def test_the_largest_term_is_chosen_where_the_examples_are_many():
    chosen = verdict(ERRORS, 100_000)
    assert chosen.term == "variance"
    assert chosen.words == "variance (overfitting): it is the largest term in 100% of the draws"


def test_few_examples_leave_it_open_and_say_how_many_would_tell():
    close = verdict(ERRORS, 500)
    assert close.kind == "close" and close.term is None
    assert close.words.startswith("variance and distribution shift overlap, variance is the larger in ")
    assert close.words.endswith("times the examples in every split would tell")
    times = float(close.words.split("about ")[1].split(" times")[0])
    assert verdict(ERRORS, int(500 * times * 2)).term == "variance"  # and so they do


def test_nothing_but_chance_is_said():
    assert verdict({"irreducible": 0.1, "train": 0.1, "train_val": 0.11, "test": 0.1}, 50).kind == "chance"


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("irreducible", "train", "test_val", "test"), "held-out examples of the training distribution (`train_val`)"),
        (("irreducible", "train_val", "test_val", "test"), "predictions on the training examples (`train`)"),
        (("train", "train_val"), None),
    ],
)
def test_a_sum_is_not_taken_for_one_of_its_parts(names, what):
    mixed = verdict({name: ERRORS[name] for name in names}, 100_000)
    if what is None:
        assert mixed.term == "variance"  # larger than the whole of the training error
        return
    assert mixed.kind == "mixed" and mixed.words.endswith(f"and {what} would tell its parts apart")


def test_a_training_error_of_unknown_cause_is_not_called_bias():
    mixed = verdict({"train": 0.2, "train_val": 0.21}, 10_000)
    assert mixed.words == (
        "the largest term is the sum irreducible + avoidable bias, and its part that is irreducible is not known: give it by "
        "`--irreducible`, a human's or the best known error"
    )


def test_bare_numbers_are_judged_and_their_chance_is_not_known():
    assert verdict(ERRORS).words == (
        "variance (overfitting): it is the largest term; how much of that is chance, bare numbers cannot tell"
    )
