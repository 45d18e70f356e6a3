"""Every option applies at each of its values, runs, and is said no to in one sentence."""

import pytest

from refkit.edits.catalogue import REFERENCES, choices_for, edited_source, parse_options
from refkit.edits.choices import CHOICES
from refkit.errors import RefkitError
from tests.edits.laboratory import Subject
from tests.edits.sample import chosen

OPEN = {
    "<int>": "3",
    "<int>-<int>-…": "4-8",
    "<int>x<int>x<int>": "26x30x3",
    "<int>x<int>": "11x5",
    "<number>": "0.3",
    "<word>-<word>-…": "2-valid",
}
# Options that only mean something together with others.
TOGETHER = {
    ("lenet", "pool-after"): {"channels": "4-5-6-7", "padding": "same"},
    ("multimodal", "pool-after"): {"channels": "4-5-6-7", "padding": "same"},
    ("mlp", "norm-epsilon"): {"batchnorm": "before"},
    ("lenet", "norm-epsilon"): {"batchnorm": "before"},
    ("multimodal", "norm-epsilon"): {"batchnorm": "before"},
    ("lstm", "log-epsilon"): {"loss": "cross-entropy", "output-size": "4", "output": "softmax"},
    ("lstm", "dense-activation"): {"dense": "8"},
}
CLASSES = {"cross-entropy", "one-hot-mse", "brier"}


def values(choice):
    for value in choice.values:
        for word, example in OPEN.items():
            value = value.replace(word, example) if value == word or word == "<number>" else value
        yield value


def options_with(choice, value: str) -> dict[str, str]:
    edit = choice.edit(value)
    together = TOGETHER.get((choice.reference, choice.option), dict(edit.options) if edit else {})
    if choice.reference == "lstm" and value in CLASSES | {"softmax", "log-softmax"}:
        together = {"loss": "cross-entropy", "output-size": "4"} | together
    if choice.option == "output" and value == "sigmoid":
        together = {"loss": "sigmoid"}
    return together | {choice.option: value}


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.reference}-{choice.option}")
def test_applies_at_each_value(choice):
    assert choice.edit(next(values(choice))) is None, "the first value is the default"
    for value in values(choice):
        assert value == choice.values[0] or choice.edit(value), value
        compile(edited_source(choice.reference, options_with(choice, value)), choice.reference, "exec")


CASES = [
    pytest.param(choice, value, id=f"{choice.reference}-{choice.option}-{value}")
    for choice in CHOICES
    for value in chosen(values(choice), f"{choice.reference} {choice.option}")
]


@pytest.mark.parametrize(("choice", "value"), CASES)
def test_runs(choice, value):
    subject = Subject(choice.reference, options_with(choice, value))
    assert subject.forward().shape[0] == 7
    assert subject.loss().shape == ()


TOGETHER_RIGHT = (
    "lenet:channels=32-64,kernel=3,dense=256,pool=max,padding=same",
    "lenet:channels=8-8-16-16,pool-after=2-4,padding=same,pool=max,batchnorm=conv-before,dropout=0.5",
    "lenet:batchnorm=before,dropout=0.5,conv-dropout=0.2,order=pool-activation,channels=4-5-6,flatten=global-average",
    "lenet:image=32x32x3,padding=valid,activation=tanh,initialization=glorot-uniform,pool-window=3x2",
    "lenet:channels=8,dense=none,output=log-softmax,scaling=255-mnist",
    "lenet:kernel=5-3,padding=2-0,dense=32,dense-activation=tanh,layernorm=dense-after",
    "mlp:hidden=512-256,activation=gelu,dropout=0.2,batchnorm=after,norm-epsilon=1e-3",
    "mlp:hidden=none,outputs=1,loss=sigmoid,output=sigmoid",
    "mlp:features=8,outputs=1,loss=huber,initialization=torch,bias-initialization=torch",
    "lstm:layers=2,bidirectional=true,dense=32,dropout=0.2,forget-bias=1",
    "lstm:hidden=64-32,bidirectional=sum,outputs=mean",
    "lstm:outputs=all,lengths=true,loss=cross-entropy,output-size=3,embedding=50x16",
    "lstm:outputs=max,lengths=true,recurrent-initialization=orthogonal,gate-activation=hard-sigmoid",
    "multimodal:layers=2,bidirectional=true,words=max,merge=words-image,pool=strided",
    "multimodal:channels=8-8-8,dense=64-64,hidden=5,output=softmax,log-epsilon=1e-7",
)


@pytest.mark.parametrize("text", TOGETHER_RIGHT)
def test_options_go_together(text):
    reference, options = parse_options(text)
    subject = Subject(reference, options)
    assert subject.forward().shape[0] == 7
    assert subject.loss().shape == ()


@pytest.mark.parametrize("reference", REFERENCES)
def test_options_are_named_once(reference):
    names = [choice.option for choice in choices_for(reference)]
    assert len(set(names)) == len(names)
    assert all(choice.what and not choice.what.endswith(".") for choice in choices_for(reference))


SENTENCES = {
    "lent:pool=max": "no reference is called `lent`: did you mean `lenet`?; give one of `mlp`, `lenet`, `lstm`, "
    "`multimodal` or `file.py:Name`",
    "lenet:pool=mx": "option `pool` was given `mx`: give one of `avg`, `max`, `strided`, `max-avg`, `avg-max`",
    "lenet:pool": "option `pool` of `lenet` has no value: write it as `option=value`",
    "lenet:pool=max,pool=avg": "option `pool` of `lenet` is given twice: give it once",
    "mlp:hidden=64-x": "option `hidden` was given `64-x`: give 1 to 5 whole numbers as in `32-64`, or `none`",
    "mlp:features=0": "option `features` was given `0`: give a whole number from 1",
    "lenet:image=28": "option `image` was given `28`: give height, width and channels as in `32x32x3`",
    "lenet:dropout=2": "option `dropout` was given `2`: give a number from 0 to 0.99",
}


@pytest.mark.parametrize("text", SENTENCES)
def test_says_what_to_give(text):
    with pytest.raises(RefkitError) as caught:
        parse_options(text)
    assert str(caught.value) == SENTENCES[text]


def test_says_which_option_was_meant():
    with pytest.raises(RefkitError, match="`lenet` has no option `activaton`: did you mean `activation`"):
        parse_options("lenet:activaton=tanh")


IMPOSSIBLE = {
    "lstm:bidirectional=last-step,lengths=true": "`lstm` cannot have `lengths=true` together with `bidirectional=last-step`: "
    "leave one of them out",
    "lenet:log-epsilon=1e-7": "`lenet` cannot have `log-epsilon=1e-7` by itself: give `output=softmax` or the like "
    "with it",
    "lenet:output=sigmoid": "`lenet` cannot have `output=sigmoid`: leave it out",
}


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_says_what_cannot_be(text):
    with pytest.raises(RefkitError) as caught:
        edited_source(*parse_options(text))
    assert str(caught.value) == IMPOSSIBLE[text]
