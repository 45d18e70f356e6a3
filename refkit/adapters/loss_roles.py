"""What each parameter of a loss stands for, by its name, then by its place."""

import inspect
import re

from refkit.adapters import roles
from refkit.adapters.labels import LABELS
from refkit.implementation import Input

MODEL = re.compile(r"(.*_)?(model|module|net|network|mlp|cnn|lenet|lstm|rnn|classifier|regressor|clf|nn|estimator|f)|m")
PARAMS = re.compile(r"(.*_)?(params?|parameters|weights?|theta|variables|vars|pytree|trainable)|[pwv]|diff_model|ps|ws")
STATISTICS = re.compile(r"(.*_)?(batch_stats|bn_state|bn_stats|stats|statistics|model_state|running_stats|net_state)")
STATE = re.compile(r"(.*_)?(state|train_state|ts|s)")
APPLY = re.compile(
    r"(.*_)?(apply|apply_fn|apply_fun|forward|forward_fn|predict|predict_fn|predict_fun|fn|model_fn|apply_func)"
)
BATCH = re.compile(r"(.*_)?(batch|data|minibatch|mb|example|examples|sample|samples|b)")
WEIGHTING = re.compile(r"(per_?)?(class|label|sample|example|loss)_?(weights?|weighting)")  # of losses, not the model's
OUTPUTS = re.compile(
    r"(.*_)?(logits?|preds?|predictions?|predicted|outputs?|outs?|scores?|probs?|probabilities|y_?hat|y_?pred|yhat|log_?probs?|logp"
    r"|estimates?|p|z|a|o)"
)
OPTIMIZER = re.compile(
    r"(.*_)?(optimizer|opt|tx|opt_state|optim|optimizer_state|optimiser|metrics|metric|schedule|lr|learning_rate)"
)
GRAPH = re.compile(r"graph_?def|gdef|graph|static")
REST = re.compile(r"rest|other(s|_state|_variables)?|non_params|nondiff.*")
INPUT = re.compile(
    r"x_?(b|i|batch|train|in)?|xs|xb|inputs?|images?|imgs?|features?|sequences?|tokens?|words|ids|input_batch|batch_x|seqs?|ids|pixels"
)
CLASSES = re.compile(r"(n_?|num_?)?(classes|class|labels|outputs|out)|k|c")


def assign_roles(
    parameters: list[inspect.Parameter], inputs: tuple[Input, ...], order: tuple[int, ...], differentiated: str = ""
) -> list[str]:
    """A role for each parameter: by name, what is left by position.

    Args:
        order: in which the model itself takes its inputs.
    """
    found: list[str] = []
    taken: set[int] = set()
    for parameter in parameters:
        role = role_by_name(parameter, found, inputs, taken)
        certain = role if role in ("model", "params", "state") else "model-or-params"
        found.append(certain if parameter.name == differentiated else role)
    data = [index for index, role in enumerate(found) if role == "?"]
    missing_model = not any(role in ("model", "params", "model-or-params", "state") for role in found)
    if "batch" in found and "labels" in found and not any(role.startswith("input") for role in found):
        found[found.index("batch")] = "input:0" if len(inputs) == 1 else "inputs"
    has_batch = "batch" in found or "inputs" in found
    if data and missing_model:
        found[data.pop(0)] = "model-or-params"
    inputs_left = [number for number in order if f"input:{number}" not in found] if not has_batch else []
    labels_left = "labels" not in found and "batch" not in found
    if len(data) == 1 and inputs_left and labels_left:
        found[data.pop(0)] = "batch"
        inputs_left, labels_left = [], False
    for index in data:
        optional = parameters[index].default is not inspect.Parameter.empty
        if inputs_left:
            found[index] = f"input:{inputs_left.pop(0)}"
        elif labels_left and not optional:
            found[index], labels_left = "labels", False
        else:
            found[index] = "default" if optional else "extra"
    return found


def plain_role(name: str) -> str | None:
    """The role of a parameter that its name alone tells, whatever stands before it; None for any other."""
    if name == "self":
        return "self"
    if roles.mode(name, True) is not None:
        return "mode"
    if GRAPH.fullmatch(name):
        return "graph"
    return "statistics" if STATISTICS.fullmatch(name) else None


def role_by_name(parameter: inspect.Parameter, before: list[str], inputs: tuple[Input, ...], taken: set[int]) -> str:
    name = parameter.name.lower()
    optional = parameter.default is not inspect.Parameter.empty
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return "default"
    if (plain := plain_role(name)) is not None:
        return plain
    if roles.is_key(name):
        return "key"
    if REST.fullmatch(name):
        return "rest"
    if OPTIMIZER.fullmatch(name):
        return "default" if optional else "nothing"
    has_model = any(role in ("model", "params", "state") for role in before)
    if WEIGHTING.fullmatch(name) or name == "weights" and has_model:
        return "default" if optional else "weighting"
    if PARAMS.fullmatch(name):
        return "params"
    if MODEL.fullmatch(name):
        return "model"
    if APPLY.fullmatch(name):
        return "apply"
    if STATE.fullmatch(name) and not (has_model and "state" in before):
        return "statistics" if "params" in before and "state" in before else "state"
    name = of_batch(name, inputs)
    if BATCH.fullmatch(name):
        return "batch"
    for number, given in enumerate(inputs):
        if number not in taken and (
            given.name == name
            or (len(inputs) > 1 and roles.suits(name, given.kind))
            or (given.kind == "lengths" and roles.suits(name, "lengths"))
        ):
            taken.add(number)
            return f"input:{number}"
    if "labels" not in before and LABELS.fullmatch(name):
        return "labels"
    if len(inputs) > 1 and re.fullmatch(r"inputs?|xs?|features|model_inputs?", name):
        return "inputs"
    if len(inputs) == 1 and 0 not in taken and INPUT.fullmatch(name):
        taken.add(0)
        return "input:0"
    return "default" if optional else "?"


def of_batch(name: str, inputs: tuple[Input, ...]) -> str:
    """`x` for `x_batch` and `labels` for `label_batch`: one half of a batch, and not the whole."""
    bare = re.sub(r"_(mini)?batch$", "", name)
    half = LABELS.fullmatch(bare) or INPUT.fullmatch(bare) or any(roles.suits(bare, given.kind) for given in inputs)
    return bare if bare != name and half else name
