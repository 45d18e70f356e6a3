"""A search ends with as many finished trials as were asked for, whatever becomes of some of them."""

import math

import optuna
import pytest
from optuna.trial import TrialState

from refkit.errors import RefkitError
from refkit.results.record import LOWER
from refkit.tuning import narrowing
from refkit.tuning.methods import METHODS
from refkit.tuning.search import Plan, Search
from refkit.tuning.spaces import Range, Values
from refkit.tuning.storages import open_file
from refkit.tuning.studies import REASON, finished, look, open_study
from refkit.tuning.subject import Diverged, Subject, Unusable

SPACE = {"rate": Range(1e-4, 1.0, True), "units": Range(1, 9), "kind": Values(("a", "b"))}


def distance(values, report=None):
    return abs(math.log10(values["rate"]) + 2) + values["units"] / 10 + (values["kind"] == "b")


def subject_of(run, space=SPACE, **more):
    return Subject("made", space, "loss", LOWER, more.pop("settings", {}), run, **more)


def search(file, method, trials, run=distance, **more):
    subject = subject_of(run)
    study, _ = open_study(subject, open_file(file), "made", str(file))
    Search(study, subject, Plan(method, trials, **more)).run()
    return study


def drawn(study):
    return [trial.params for trial in finished(study)]


@pytest.mark.parametrize("method", METHODS)
def test_a_search_that_is_interrupted_ends_as_one_that_is_not(method, tmp_path):
    whole = search(tmp_path / "whole.db", method, 12)
    calls = []

    def interrupted(values, report):
        calls.append(values)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return distance(values)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "halves.db", method, 12, interrupted)
    halves = search(tmp_path / "halves.db", method, 12)
    assert len(finished(whole)) == len(finished(halves)) == 12
    assert drawn(halves)[:4] == drawn(whole)[:4]
    assert calls[4] in drawn(halves)  # the one that was interrupted is done again
    assert sum(REASON not in trial.user_attrs for trial in halves.get_trials(states=(TrialState.FAIL,))) == 1


def test_random_values_do_not_depend_on_who_draws_them(tmp_path):
    one = search(tmp_path / "one.db", "random", 6)
    for trials in (2, 3, 6):
        several = search(tmp_path / "several.db", "random", trials)
    assert drawn(one) == drawn(several)


def test_another_seed_draws_others(tmp_path):
    assert drawn(search(tmp_path / "a.db", "random", 3)) != drawn(search(tmp_path / "b.db", "random", 3, seed=1))


def test_a_grid_is_gone_through_once(tmp_path):
    study = search(tmp_path / "a.db", "grid", 100, points=3)
    points = {tuple(params.values()) for params in drawn(study)}
    assert len(finished(study)) == len(points) == 3 * 3 * 2
    assert sorted({rate for rate, _, _ in points}) == pytest.approx([1e-4, 1e-2, 1.0])


def test_a_grid_that_is_too_large_is_said(tmp_path):
    with pytest.raises(RefkitError) as caught:
        search(tmp_path / "a.db", "grid", 5, points=10_000)
    assert str(caught.value) == (
        "a grid of 180,000 points is too large: give fewer values by `--space`, hold some by `--set`, or take `--method random`"
    )


def test_fixed_values_are_kept(tmp_path):
    for method in METHODS:
        study = search(tmp_path / f"{method}.db", method, 6, fixed={"kind": "b", "units": 3})
        assert {(params["kind"], params["units"]) for params in drawn(study)} == {("b", 3)}
        assert len({params["rate"] for params in drawn(study)}) > 1


def test_a_trial_that_diverges_or_raises_is_a_failed_trial(tmp_path):
    def run(values, report):
        if values["kind"] == "b":
            raise Diverged("the loss is nan in epoch 3")
        if values["units"] > 5:
            raise SystemExit(3)
        return distance(values)

    study = search(tmp_path / "a.db", "random", 20, run)
    failed = study.get_trials(states=(TrialState.FAIL,))
    assert len(finished(study)) == 20 and {trial.user_attrs[REASON] for trial in failed} == {
        "the loss is nan in epoch 3",
        "SystemExit: 3",
    }


def test_what_is_of_no_use_in_any_trial_stops_the_search(tmp_path):
    def run(values, report):
        raise Unusable("it returned `NoneType`")

    with pytest.raises(RefkitError, match="it returned `NoneType`"):
        search(tmp_path / "a.db", "random", 20, run)
    assert len(search(tmp_path / "a.db", "random", 1, run).trials) == 1


def test_a_hopeless_trial_is_pruned(tmp_path):
    def run(values, report):
        for step in range(5):
            report(distance(values), step)
        return distance(values)

    subject = subject_of(run)
    study, _ = open_study(subject, open_file(tmp_path / "a.db"), "made", "a.db", "median")
    Search(study, subject, Plan("random", 20)).run()
    assert len(finished(study)) == 20 and study.get_trials(states=(TrialState.PRUNED,))


def test_what_is_reported_is_kept_for_a_pruner_alone(tmp_path):
    def run(values, report):
        report(0.5, 1)
        return distance(values)

    for pruner, kept in (("none", {}), ("median", {1: 0.5})):
        file = tmp_path / f"{pruner}.db"
        study, _ = open_study(subject_of(run), open_file(file), "made", str(file), pruner)
        Search(study, subject_of(run), Plan("random", 1)).run()
        assert finished(study)[0].intermediate_values == kept


def test_rounds_close_in_and_draw_from_what_they_close_in_on(tmp_path):
    study = search(tmp_path / "a.db", "coarse-to-fine", 30, rounds=3)
    kept = narrowing.kept(study, SPACE)
    assert sorted(kept) == [2, 3]
    for trial in finished(study)[20:]:
        fine = kept[3].space["rate"]
        assert fine.low <= trial.params["rate"] <= fine.high
    spread = [max(rates) / min(rates) for rates in zip(*[iter([params["rate"] for params in drawn(study)])] * 10)]
    assert spread[0] > spread[1] > spread[2]
    (distribution,) = {trial.distributions["rate"] for trial in finished(study)}
    assert distribution == SPACE["rate"].distribution  # the study stays one of the whole space


def test_a_trial_by_hand_is_the_one_that_is_asked_for(tmp_path):
    subject = subject_of(distance)
    study, _ = open_study(subject, open_file(tmp_path / "a.db"), "made", "a.db")
    values = {"rate": 1e-2, "units": 1, "kind": "a"}
    trial = Search(study, subject, Plan("manual", 1)).try_values(values)
    assert trial.params == values and trial.value == pytest.approx(0.1)


def test_a_trial_that_others_took_for_dead_is_theirs(tmp_path):
    subject = subject_of(lambda values, report: distance(values))
    study, _ = open_study(subject, open_file(tmp_path / "a.db"), "made", "a.db")
    calls = []

    def run(values, report):
        calls.append(values)
        if len(calls) == 2:  # as another process does after some silence
            mine = look(study).running[0]
            study._storage.set_trial_state_values(mine._trial_id, TrialState.FAIL)
        return distance(values)

    Search(study, subject_of(run), Plan("random", 4, heartbeat=1)).run()
    assert len(finished(study)) == 4 and len(study.trials) == 5


def test_a_trial_whose_process_died_before_its_first_sign_of_life_is_done_again(tmp_path):
    subject, file = subject_of(distance), tmp_path / "a.db"
    study, _ = open_study(subject, open_file(file, heartbeat=1), "made", "a.db")
    dead = optuna.load_study(study_name="made", storage=f"sqlite:///{file}").ask()  # without any heartbeat
    dead.suggest_float("rate", 1e-4, 1.0, log=True)
    Search(study, subject, Plan("random", 3, heartbeat=1)).run()
    assert len(finished(study)) == 3 and not look(study).running
    assert dead.params["rate"] in [trial.params["rate"] for trial in finished(study)]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            {"space": SPACE | {"rate": Range(1e-3, 1.0, True)}},
            "is of other parameters: it has `rate=0.0001..1.0:log`, not `0.001..1.0:log`",
        ),
        ({"space": {"rate": SPACE["rate"]}}, "is of other parameters: it has `kind`, which this search has not"),
        ({"space": SPACE | {"more": Values((1,))}}, "is of other parameters: it has no `more`"),
        ({"settings": {"epochs": 3}}, "was made with another `epochs`"),
    ],
)
def test_a_study_of_another_search_is_said(other, sentence, tmp_path):
    file = tmp_path / "a.db"
    search(file, "random", 2)
    with pytest.raises(RefkitError) as caught:
        open_study(subject_of(distance, **other), open_file(file), "made", "a.db")
    assert str(caught.value) == (
        f"the study `made` in `a.db` {sentence}"
        + ("; " if "other parameters" in sentence else ": ")
        + "go on with what it has, or begin another by `--study FILE` or `--name NAME`"
    )
    assert len(finished(search(file, "bayes", 3))) == 3  # another method is none


def test_what_is_no_study_is_said(tmp_path):
    file = tmp_path / "a.db"
    file.write_text("words")
    with pytest.raises(RefkitError) as caught:
        open_file(file)
    assert str(caught.value) == f"`{file}` is no study: name another file by `--study`" and file.read_text() == "words"
    optuna.create_study(storage=f"sqlite:///{tmp_path / 'b.db'}", study_name="made").enqueue_trial({})
    with pytest.raises(RefkitError, match="is none of refkit's"):
        open_study(subject_of(distance), open_file(tmp_path / "b.db"), "made", "b.db")
