"""A reference is judged on examples of its training part, and never on the test part."""

import numpy as np
import pytest

from refkit.edits.catalogue import edited_source
from refkit.errors import RefkitError
from refkit.experiments.protocol import Examples
from refkit.experiments.protocols import BY_REFERENCE, find_protocol
from refkit.tuning import reference_space
from refkit.tuning.guide import entry_of
from refkit.tuning.reference_space import default_space, own_value, require_values
from refkit.tuning.reference_trials import ReferenceTrials, own_values, reference_subject, with_validation
from refkit.tuning.spaces import Range, Values

TUNED = {name: BY_REFERENCE[name] for name in reference_space.BY_REFERENCE}
PROTOCOLS = [protocol for protocols in TUNED.values() for protocol in protocols]
named = lambda protocol: f"{protocol.reference}-{protocol.data}"


def test_the_validation_part_is_cut_from_the_training_part():
    numbers = np.arange(100, dtype=np.float32)[:, None]
    cut = with_validation(Examples((numbers, numbers[:, 0]), (numbers + 1_000, numbers[:, 0])), "made")
    train, validation = ({*part[0][:, 0]} for part in (cut.train, cut.test))
    assert len(train) == 80 and len(validation) == 20 and train | validation == {*numbers[:, 0]}


def test_a_trial_never_sees_a_test_example():
    trials = ReferenceTrials(find_protocol("mlp"), {}, 0)
    test = {row.tobytes() for row in trials.given.test[0]}
    for part in (trials.examples.train, trials.examples.test):
        assert not test & {row.tobytes() for row in part[0]}


def test_too_few_examples_are_said():
    few = np.zeros((5, 2))
    with pytest.raises(RefkitError) as caught:
        with_validation(Examples((few, few[:, 0]), (few, few[:, 0])), "made")
    assert str(caught.value) == ("`made` has 5 training examples, too few to cut a validation part from: 10 are needed")


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=named)
def test_the_guides_space_is_one_that_the_reference_can_have(protocol):
    space = default_space(protocol)
    require_values(protocol.reference, space)
    own = own_values(protocol, space)
    assert set(own) == set(space)  # what the experiment has of itself is in it
    for name in space:
        entry, rank = entry_of(name)
        assert rank in ("high", "medium", "low")


@pytest.mark.parametrize("reference", TUNED)
def test_every_value_of_the_guides_space_makes_a_reference(reference):
    protocol = BY_REFERENCE[reference][0]
    trials = object.__new__(ReferenceTrials)
    trials.protocol, trials.held, trials.seed = protocol, {}, 0
    trials.given = trials.examples = Examples((np.zeros((40, 1)),), (np.zeros((1, 1)),))
    space = default_space(protocol)
    own = own_values(protocol, space)
    for name, what in space.items():
        for value in what.points(2):
            shape = trials.shape(own | {name: value})
            assert "class Config" in shape.source
    plain = trials.shape(own)
    assert plain.source == edited_source(reference, dict(protocol.options)) and plain.schedule == "constant"


def test_a_reference_at_its_own_values_is_the_reference():
    protocol = find_protocol("mlp", "mnist")
    assert [own_value(protocol, name) for name in ("units", "depth", "learning_rate", "batch_size")] == [
        300,
        1,
        1e-3,
        128,
    ]


@pytest.mark.parametrize(
    ("spaces", "settings", "sentence"),
    [
        (["lr=1e-3..1e-1"], {}, "`mlp` has no hyper-parameter `lr`: did you mean `learning_rate`?"),
        (["optimizer=sgd,adam"], {}, "`mlp` has no hyper-parameter `optimizer`; it has"),
        (["learning_rate=-1..1"], {}, "`learning_rate` of `mlp` was given `-1`: give a number above 0"),
        (["depth=1..9"], {}, "`depth` of `mlp` was given `9`: give a whole number from 1 to 5"),
        (["units=0.5..1.5"], {}, "`units` of `mlp` was given `0.5`: give a whole number from 1"),
        (["schedule=linear"], {}, "`schedule` of `mlp` was given `linear`: give one of `constant`, `cosine`"),
        (["activation=relu,rlu"], {}, "option `activation` was given `rlu`"),
        (["features=3,4"], {}, "`features` of `mlp` follows from the data: leave it out of the search"),
        (["hidden=32,64", "depth"], {}, "`hidden` says what `units` and `depth` say"),
        (["depth"], {"activation": "rlu"}, "option `activation` was given `rlu`"),
        (["depth"], {"seed": 3}, "`mlp` has no hyper-parameter `seed`"),
    ],
)
def test_what_a_reference_cannot_have_is_said(spaces, settings, sentence):
    with pytest.raises(RefkitError) as caught:
        reference_subject("mlp", None, spaces, settings)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"metric": "loss"},
            "`mlp` on `breast_cancer` is judged by `accuracy`, not by `loss`: leave out `--metric`",
        ),
        (
            {"direction": "minimize"},
            "`accuracy` is better the higher, and `--direction minimize` is the wrong way round: leave it out, or name "
            "another `--metric`",
        ),
    ],
)
def test_a_metric_the_wrong_way_round_is_said(more, sentence):
    with pytest.raises(RefkitError) as caught:
        reference_subject("mlp", **more)
    assert str(caught.value) == sentence


def test_options_of_compare_can_be_searched_too():
    subject = reference_subject("mlp", None, ["dropout=0,0.5"], {"learning_rate": 1e-2}, epochs=2)
    assert subject.space == {"dropout": Values((0, 0.5))} and subject.own == {"dropout": 0}
    found = [subject.run({"dropout": rate}, lambda value, step: None) for rate in (0, 0.5)]
    assert all(0.3 < value <= 1 for value in found)


def test_reported_values_are_those_of_the_epochs():
    subject, told = reference_subject("mlp", None, ["learning_rate"], epochs=3), []
    value = subject.run({"learning_rate": 1e-2}, lambda value, step: told.append((value, step)))
    assert [step for _, step in told] == [1, 2, 3] and told[-1][0] == value
    assert subject.space == {"learning_rate": Range(1e-5, 0.1, True)}


def test_the_next_step_says_the_values_in_the_references_terms():
    subject = reference_subject("mlp")
    values = subject.own | {"learning_rate": 1e-2, "schedule": "cosine", "units": 128, "depth": 2, "penalty": 1e-4}
    assert subject.next_step(values) == (
        "take learning_rate=0.01 on the cosine schedule, batch_size=32 into `Config` of your copy of mlp.py and judge it on the "
        "test examples with several seeds: `refkit compare my_mlp.py --reference mlp:hidden=128-128,penalty=half-l2-0.0001 "
        "--only result --data breast_cancer --seeds 5`"
    )


def test_a_reference_without_a_space_is_said():
    with pytest.raises(RefkitError) as raised:
        reference_subject("coral")
    assert str(raised.value) == (
        "`coral` has no search space: tune one of `mlp`, `lenet`, `lstm`, `multimodal`, or a function of your own (`my.py:train`)"
    )
