"""Several processes on one study: as many trials as were asked for, no more, and each killed one again."""

import optuna
import pytest
from optuna.trial import TrialState

from refkit.results.record import LOWER
from refkit.tuning.databases import put_back
from refkit.tuning.places import SURPLUS
from refkit.tuning.search import Plan, Search
from refkit.tuning.spaces import Range, Values
from refkit.tuning.storages import open_url
from refkit.tuning.studies import finished, look, open_study
from refkit.tuning.subject import Subject

SPACE = {"rate": Range(0.0, 1.0), "kind": Values(("a", "b"))}
TRIALS = 6  # as many as the grid has points


def searching(url, method, run=lambda values, report: values["rate"]):
    """One process's part in the study."""
    subject = Subject("made", SPACE, "loss", LOWER, {}, run)
    study, _ = open_study(subject, open_url(url, heartbeat=1), "made", url)
    return Search(study, subject, Plan(method, TRIALS, points=3, heartbeat=1))


def begun_elsewhere(url):
    trial = optuna.load_study(study_name="made", storage=open_url(url)).ask()
    trial.suggest_float("rate", 0.0, 1.0)
    return trial


def lost_elsewhere(mine, url):
    """A trial that another process has found silent, and not enqueued again yet."""
    lost = begun_elsewhere(url)
    mine.study._storage.set_trial_state_values(lost._trial_id, TrialState.FAIL)
    return lost


def assert_begun_again(mine, lost):
    """Every place has its trial, and the one that was lost another at its values."""
    assert len(finished(mine.study)) == TRIALS and len(mine.study.trials) == TRIALS + 1
    assert lost.params["rate"] in [trial.params["rate"] for trial in finished(mine.study)]


@pytest.mark.parametrize("method", ["random", "grid", "coarse-to-fine", "bayes"])
def test_what_another_begins_for_the_last_place_is_dropped(method, tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    other = searching(url, method)
    full, calls = [], []

    def run(values, report):
        full.append(other.is_full(other.places(look(other.study))))
        if full[-1]:
            other.one()
        calls.append(values)
        return values["rate"]

    mine = searching(url, method, run)
    mine.run()
    assert full == [False] * (TRIALS - 1) + [True]
    assert len(finished(mine.study)) == len(calls) == TRIALS
    (dropped,) = mine.study.get_trials(states=(TrialState.FAIL,))
    assert SURPLUS in dropped.user_attrs and not dropped.params
    assert not look(mine.study).waiting and not look(mine.study).running


def test_a_point_of_the_grid_that_two_begin_is_dropped_by_the_second(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    mine, other = searching(url, "grid"), searching(url, "grid")
    mine.one()
    first = mine.study.trials[0]
    second = other.study.ask()
    for key in ("search_space", "grid_id"):  # as when both ask at the same moment
        other.study._storage.set_trial_system_attr(second._trial_id, key, first.system_attrs[key])
    assert other.is_surplus(second.number) and not other.is_surplus(first.number)


def test_a_trial_that_is_about_to_be_enqueued_again_keeps_its_place(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    mine = searching(url, "random")
    lost = lost_elsewhere(mine, url)
    while not mine.is_full(mine.places(look(mine.study))):
        mine.one()
    assert len(finished(mine.study)) == TRIALS - 1
    put_back(mine.study, look(mine.study).trials[lost.number])
    mine.run()
    assert_begun_again(mine, lost)


def test_a_trial_that_nobody_enqueues_again_is_adopted(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    mine = searching(url, "random")
    lost = lost_elsewhere(mine, url)
    mine.run()
    assert_begun_again(mine, lost)


def test_without_signs_of_life_another_trial_takes_the_place_of_a_killed_one(tmp_path):
    url = f"journal:{tmp_path / 'study.log'}"
    mine = searching(url, "random")
    begun_elsewhere(url)  # and its process is gone
    mine.run()
    assert len(finished(mine.study)) == TRIALS and len(mine.study.trials) == TRIALS + 1
