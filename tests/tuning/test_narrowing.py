"""From coarse to fine: ranges close in on the best trials, and never lose the best."""

import optuna
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState

from refkit.tuning.narrowing import LARGEST, SMALLEST, keep, kept, narrow
from refkit.tuning.spaces import Range, Values

SPACE = {"rate": Range(1e-5, 1e-1, True), "units": Range(1, 100), "kind": Values(("a", "b", "c"))}


def trial(number, value, rate, units, kind, state=TrialState.COMPLETE):
    made = optuna.create_trial(
        state=state,
        value=value if state == TrialState.COMPLETE else None,
        params={"rate": rate, "units": units, "kind": kind},
        distributions={name: what.distribution for name, what in SPACE.items()},
    )
    made.number = number
    return made


rows = st.lists(
    st.tuples(st.floats(-9, 9), st.floats(1e-5, 1e-1), st.integers(1, 100), st.sampled_from("abc")),
    min_size=4,
    max_size=30,
)


@given(rows)
def test_a_narrowed_space_lies_inside_the_old_one_and_holds_the_best(rows):
    trials = [trial(number, *row) for number, row in enumerate(rows)]
    found = narrow(SPACE, trials, "minimize")
    best = min(trials, key=lambda one: (one.value, one.number))
    assert found.around[0] == best.number
    for name in ("rate", "units"):
        old, new = SPACE[name], found.space[name]
        assert old.low <= new.low < new.high <= old.high
        assert new.low * (1 - 1e-9) <= best.params[name] <= new.high * (1 + 1e-9)
        width = old.share(new.high) - old.share(new.low)
        rounding = 0.02 if name == "units" else 1e-9
        assert SMALLEST - rounding <= width <= LARGEST + rounding
    assert best.params["kind"] in found.space["kind"].values


def test_a_value_goes_only_where_it_was_tried_and_is_in_none_of_the_better_half():
    order = [(0, "a"), (1, "a"), (2, "b"), (3, "b")]
    trials = [trial(number, value, 1e-3, 50, kind) for number, (value, kind) in enumerate(order)]
    assert narrow(SPACE, trials, "minimize").space["kind"] == Values(("a", "c"))
    assert narrow(SPACE, trials, "maximize").space["kind"] == Values(("b", "c"))


def test_failed_and_pruned_trials_do_not_count():
    good = [trial(number, number, 1e-3, 50, "a") for number in range(4)]
    bad = [trial(4, None, 1e-5, 1, "b", TrialState.FAIL), trial(5, None, 1e-5, 1, "b", TrialState.PRUNED)]
    assert narrow(SPACE, good + bad, "minimize") == narrow(SPACE, good, "minimize")


def test_three_trials_narrow_nothing():
    found = narrow(SPACE, [trial(number, number, 1e-3, 50, "a") for number in range(3)], "minimize")
    assert found.space == SPACE and found.around == ()


def test_a_study_keeps_what_its_rounds_search():
    study = optuna.create_study()
    made = narrow(SPACE, [trial(number, number, 1e-3, 50, "a") for number in range(8)], "minimize")
    keep(study, 2, made)
    assert kept(study, SPACE) == {2: made}
