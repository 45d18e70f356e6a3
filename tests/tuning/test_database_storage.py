"""A study in a database: a trial's parameters are written at once, before it runs, and what is known is not read back."""

import collections

import optuna
import pytest
import sqlalchemy
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState

from refkit.results.record import LOWER
from refkit.tuning.database_storage import written_together
from refkit.tuning.search import Plan, Search
from refkit.tuning.spaces import Range, Values, suggest
from refkit.tuning.storages import open_url
from refkit.tuning.studies import finished, open_study
from refkit.tuning.subject import Subject

SPACE = {"rate": Range(1e-3, 1.0, log=True), "units": Values((8, 16, 32)), "depth": Range(1, 4)}


def opened(tmp_path, run=lambda values, report: values["rate"]):
    subject = Subject("made", SPACE, "loss", LOWER, {}, run)
    study, _ = open_study(subject, open_url(f"sqlite:///{tmp_path / 'a.db'}"), "made", "a.db")
    return study, subject


@pytest.mark.parametrize("method", ["random", "grid", "coarse-to-fine", "bayes"])
def test_parameters_are_kept_at_once_before_the_trial_runs(tmp_path, method):
    seen, inserts = [], collections.Counter()

    def run(values, report):
        with sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'a.db'}").connect() as other:
            seen.append((other.scalar(sqlalchemy.text("SELECT COUNT(*) FROM trial_params")), values))
        return values["rate"]

    study, subject = opened(tmp_path, run)
    engine = study._storage._backend.engine

    @sqlalchemy.event.listens_for(engine, "before_cursor_execute")
    def count(connection, cursor, statement, *more):
        inserts[statement.split("(")[0].strip()] += "INSERT" in statement

    Search(study, subject, Plan(method, 8)).run()
    assert [kept for kept, _ in seen] == [len(SPACE) * (number + 1) for number in range(8)]
    assert inserts["INSERT INTO trial_params"] == 8
    assert [trial.params for trial in study.trials] == [values for _, values in seen]
    assert all(trial.distributions["rate"].log for trial in study.trials)


def test_a_trial_that_another_process_has_ended_keeps_nothing(tmp_path):
    study, subject = opened(tmp_path)
    trial = study.ask()
    with pytest.raises(UpdateFinishedTrialError), written_together():
        suggest(trial, SPACE)
        study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    assert study.trials[0].params == {}


def test_a_database_that_is_away_while_values_are_drawn_is_no_failure_of_the_trial(tmp_path):
    study, _ = opened(tmp_path)
    trial = study.ask()
    with study._storage._backend.engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE trial_params RENAME TO away"))
    with pytest.raises(StorageInternalError), written_together():
        suggest(trial, SPACE)


def test_what_another_process_has_begun_meanwhile_is_read(tmp_path):
    study, subject = opened(tmp_path)
    Search(study, subject, Plan("random", 2)).run()
    mine, other = study.ask(), optuna.load_study(study_name="made", storage=open_url(f"sqlite:///{tmp_path / 'a.db'}"))
    other.tell(other.ask(), 0.5)
    with written_together():
        values = suggest(mine, SPACE)
        assert [trial.state for trial in study.get_trials(deepcopy=False)][-2:] == [
            TrialState.RUNNING,
            TrialState.COMPLETE,
        ]
    study.tell(mine, 0.25)
    assert study.trials[2].params == values and len(finished(study)) == 4
