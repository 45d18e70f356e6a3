"""What each parameter of a train step is for, by its name."""

import inspect
import re

from refkit.adapters import roles
from refkit.adapters.loss_roles import APPLY, MODEL, PARAMS, REST, STATE, assign_roles, plain_role
from refkit.adapters.search import Call
from refkit.adapters.values import own_order

OPTIMIZER = re.compile(r"(.*_)?(optimizer|optimiser|opt|optim|tx|solver|gradient_transform|transform)")
MEMORY = re.compile(
    r"(.*_)?(opt(im(izer|iser)?)?_?(state|states|st|s|mem|vars)|ostate|momentum|momenta|moments?|velocity|velocities|vel|mem|memory"
    r"|mu|nu|cache|accum(ulator)?s?|slots?|adam(_state)?|history|ema(_params)?|mom|vs|ms|buf(fers?)?)|[mvsr]"
)
METRICS = re.compile(r"(.*_)?(metrics?|average|averages|tracker)")
COUNT = re.compile(
    r"t|i|it|iter|iters|iteration|n_?iter|(global_)?step(_?(num|number|count|idx|i))?|epoch|count|num_steps|k|n"
)
RATE = re.compile(r"(.*_)?(lr|learning_rate|alpha|eta|step_size|stepsize|rate)")
MODELS = ("model", "params", "state", "model-or-params")  # of which a step has one: class weights are another thing
DATA = re.compile(r"labels|batch|inputs|input:\d+")


def step_roles(parameters: list[inspect.Parameter], call: Call) -> dict[str, str]:
    """`model`, `params`, `state`, `memory`, `optimizer`, `metrics`, `count`, `rate`, `key`, …; and those of data."""
    found: dict[str, str] = {}
    for parameter in parameters:
        role = own_role(parameter, found, call)
        if role is not None:
            found[parameter.name] = role
    rest = [parameter for parameter in parameters if parameter.name not in found]
    mine = [parameter for parameter in parameters if found.get(parameter.name) in ("params", "model", "state", "self")][
        :1
    ]
    assigned = assign_roles([*stand_in(mine), *rest], call.layout.inputs, own_order(call))
    more = {parameter.name: role for parameter, role in zip(rest, assigned[1:], strict=True)}
    whole = {"params", "state"} & set(found.values())
    return found | {name: "extra" if whole and role in MODELS else role for name, role in more.items()}


def stand_in(mine: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """What is differentiated comes first, wherever it comes from."""
    return [inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD)]


def own_role(parameter: inspect.Parameter, before: dict[str, str], call: Call) -> str | None:
    """The role of a parameter that takes no data; None for what may."""
    name = parameter.name.lower()
    optional = parameter.default is not inspect.Parameter.empty
    has = set(before.values())
    whole = bool(has & {"params", "state"}) or ("model" in has and call.model.framework == "nnx")
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return "default"
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return "batch"
    if (plain := plain_role(name)) is not None:
        return plain
    if OPTIMIZER.fullmatch(name):
        return "optimizer"
    if METRICS.fullmatch(name):
        return "metrics"
    if RATE.fullmatch(name):
        return "rate"
    if PARAMS.fullmatch(name) and not whole:
        return "params"
    if (len(name) > 1 or whole) and MEMORY.fullmatch(name):
        return "memory"
    if roles.is_key(name) and not (name == "k" and "key" in has):
        return "key"
    if COUNT.fullmatch(name) and (len(name) > 1 or name in "it"):
        return "count"
    if (MODEL.fullmatch(name) or name in ("self_model",)) and not (whole and len(name) == 1):
        return "params" if call.model.framework == "jax" and "params" not in has else "model"
    if APPLY.fullmatch(name) and name != "fn":
        return "apply"
    if REST.fullmatch(name) and "graph" in has:
        return "rest"
    if STATE.fullmatch(name):
        return "memory" if whole else "state"
    if name == "carry":
        return "state"
    return "default" if optional and not looks_like_data(name) else None


def looks_like_data(name: str) -> bool:
    return re.fullmatch(r"x|y|xs|ys|batch|images?|labels?|inputs?|targets?", name) is not None
