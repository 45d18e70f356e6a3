"""Bugs whose line is not simply that of the first wrong value: each is one way in which the line is found.

They take minutes together: a run has SHARE of them, others every week, as `test_programs.py` has it; `REFKIT_SAMPLE_SEED=all` runs
every one.
"""

import random

import pytest

from tests.programs import measure
from tests.programs.test_programs import SEED

SHARE = 0.5
CASES = {case.name.partition("#")[0] + ":" + case.id: case for case in measure.bug_cases()}
BY_WAY = {
    "the call of a function that does well in the next": "lenet/homework_im2col.py:wrong-activation",
    "what every call leaves out, where the function returns": "mlp/linen_trainstate.py:missing-activation",
    "dropout that hands on what the activation left out": "mlp/tabular_bn.py:missing-activation",
    "the reader of a convolution without its bias": "lenet/layer_objects.py:missing-bias",
    "what bound zeros to the state's name": "lstm/adding_problem.py:state-not-carried",
    "what handed zeros to the cell": "lstm/pytorch_port.py:state-not-carried",
    "the index that took from a dict": "lstm/minimal_columns.py:first-state-used",
    "the second use of a layer": "lenet/layer_objects.py:weights-shared",
    "a scaling that the docstring denies": "lenet/digit_notebook.py:inputs-scaled-twice",
    "a ReLU on logits that are positive on the first probe": "mlp/tabular_learner.py:activation-on-logits",
    "a value that `where` saves": "mlp/onelogit_linen.py:nan-through-where",
    "a count of the fan that a function gets wrong at some shapes alone": "lenet/pt_port.py:initialisation-wrong-fan",
    "a fan that counts the picture": "lenet/combinators.py:initialisation-wrong-fan",
    "one key handed to other functions": "lenet/combinators.py:initialised-with-one-key",
    "the layer in a list of the library's": "lenet/stax_convnet.py:initialisation-too-large",
    "the initializer that all name": "mlp/tune_mlp_optax.py:initialisation-too-small",
    "a scale that is too large for tanh": "mlp/linen_trainstate.py:initialisation-too-large",
    "an element of a library's list": "lenet/stax_convnet.py:wrong-stride-or-kernel",
    "the element behind a gap in a list": "lenet/combinators.py:layer-omitted",
    "a module listed twice": "mlp/keras_port.py:weights-shared",
    "an element whose class all layers share": "mlp/keras_port.py:wrong-activation",
    "what a step of a scan returns": "lstm/adding_core.py:state-not-carried",
    "the head of a loop that counts down": "lstm/pytorch_port.py:sequence-reversed",
    "one layer of two over the batch": "lstm/har_sensors.py:recurrence-over-batch",
    "a reshape to examples last": "lstm/minimal_columns.py:reshape-for-transpose",
    "a sigmoid whose value alone is saved": "lstm/min_lstm.py:nan-through-where",
    "data drawn with examples first": "lstm/min_lstm.py:vmap-on-wrong-axis",
    "the second of two statements that are a softmax": "lenet/homework_im2col.py:softmax-over-batch",
    "a pooling for one plane, mapped over rows": "lenet/vmap_single.py:vmap-on-wrong-axis",
    "a stride that no padding makes up for": "lenet/keras_port.py:wrong-stride-or-kernel",
    "a normalisation that two convolutions share": "lenet/nnx_batch_norm.py:weights-shared",
    "targets as the train step is given them": "lstm/pytorch_port.py:targets-broadcast",
    "a squared error that raises on class ids": "lstm/kaggle_sensor.py:mse-on-class-ids",
    "a loss that is no number": "lstm/sentiment_tokens.py:logits-into-log-loss",
}


WAYS = sorted(BY_WAY)
CHOSEN = WAYS if SEED == "all" else random.Random(f"{SEED} lines").sample(WAYS, round(SHARE * len(WAYS)))


@pytest.mark.parametrize("name", [BY_WAY[way] for way in CHOSEN], ids=CHOSEN)
def test_line_and_name(name):
    result = measure.run_case(CASES[name], "gradients")
    assert "error" not in result, result["error"]
    wrong = [finding for finding in result["findings"] if finding["kind"] != "choice"]
    assert result["line"] and result["first"], (result["accepted"], wrong)
