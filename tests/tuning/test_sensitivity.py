"""Sensitivity is measured on the scale on which values are drawn, and stands beside the guide's ranking."""

import math

import optuna
import pytest
from optuna.trial import TrialState

from refkit.tuning.guide import entry_of
from refkit.tuning.sensitivity import sensitivities
from refkit.tuning.spaces import Range, Values

SPACE = {
    "lr": Range(1e-5, 1e-1, True),
    "units": Range(1, 100),
    "kind": Values(("a", "b")),
    "temperature": Range(0.0, 1.0),
}


def trials_of(function, count=60, space=SPACE):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: function({name: what.suggest(trial, name) for name, what in space.items()}), count)
    return study.trials


def by_name(trials, space=SPACE):
    return {one.name: one for one in sensitivities(space, trials, "minimize")}


def test_what_alone_matters_has_nearly_all_of_the_share():
    for name, function in (
        ("lr", lambda values: abs(math.log10(values["lr"]) + 3)),
        ("units", lambda values: values["units"]),
        ("kind", lambda values: values["kind"] == "b"),
    ):
        found = sensitivities(SPACE, trials_of(lambda values: float(function(values))), "minimize")
        assert found[0].name == name and found[0].share > 0.9
        assert sum(one.share for one in found) == pytest.approx(1)


def test_a_logarithmic_range_is_measured_on_its_logarithm():
    # Below 1e-2 lie three quarters of the draws, and a tenth of the values: the rate decides as often as the units do.
    found = by_name(trials_of(lambda values: math.sin(math.log10(values["lr"])) + values["units"] / 50, 120))
    assert 0.3 < found["lr"].share < 0.7


def test_the_guides_rank_stands_beside():
    found = by_name(trials_of(lambda values: values["units"]))
    assert (found["lr"].rank, found["units"].rank, found["temperature"].rank) == ("high", "high", "")


def test_what_was_not_varied_or_never_finished_is_not_measured():
    space = SPACE | {"kind": Values(("a",))}
    trials = trials_of(lambda values: values["units"], 10, space)
    assert by_name(trials, space)["kind"].share is None
    for trial in trials[3:]:
        trial.state, trial.values = TrialState.FAIL, None
    assert all(one.share is None for one in sensitivities(space, trials, "minimize"))


def test_values_that_are_all_alike_tell_nothing():
    assert all(one.share is None for one in sensitivities(SPACE, trials_of(lambda values: 1.0), "minimize"))


@pytest.mark.parametrize(
    ("names", "entry", "rank"),
    [
        ("lr learning_rate peak_lr init-lr", "learning rate", "high"),
        ("schedule lr_decay warmup_steps", "learning rate schedule", "high"),
        ("loss loss_fn", "loss function", "high"),
        ("units hidden hidden_size num_units width dense channels embedding", "layer size", "high"),
        ("initialization kernel_init init_scale forget-bias", "initialization", "medium"),
        ("depth n_layers num_layers layers", "depth", "medium"),
        ("kernel_size padding pool", "layer parameters", "medium"),
        ("weight_decay l2 dropout conv-dropout penalty label_smoothing", "regularization weight", "medium"),
        ("optimizer", "optimizer", "low"),
        ("momentum beta1 b2 eps", "other parameters of the optimizer", "low"),
        ("batch_size", "batch size", "low"),
        ("activation dense-activation nonlinearity", "nonlinearity", "low"),
    ],
)
def test_the_guide_is_found_under_the_names_that_programs_use(names, entry, rank):
    assert {name: entry_of(name) for name in names.split()} == {name: (entry, rank) for name in names.split()}


def test_what_the_guide_does_not_rank_has_no_rank():
    assert entry_of("temperature") is None and entry_of("seed") is None
