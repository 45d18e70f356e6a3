"""What each parameter of a loss is given: the model, its parameters, data, labels, a key."""

import ast
import dataclasses
import inspect
import itertools
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters import roles
from refkit.adapters.calling import typed
from refkit.adapters.evidence import name_of
from refkit.adapters.names import Names
from refkit.adapters.labels import LABELS
from refkit.adapters.search import Call
from refkit.adapters.states import State
from refkit.implementation import Input

MODEL = re.compile(r"(.*_)?(model|module|net|network|mlp|cnn|lenet|lstm|rnn|classifier|regressor|clf|nn|estimator|f)|m")
PARAMS = re.compile(r"(.*_)?(params?|parameters|weights?|theta|variables|vars|pytree|trainable)|[pwv]|diff_model|ps|ws")
STATISTICS = re.compile(r"(.*_)?(batch_stats|bn_state|bn_stats|stats|statistics|model_state|running_stats|net_state)")
STATE = re.compile(r"(.*_)?(state|train_state|ts|s)")
APPLY = re.compile(r"(.*_)?(apply|apply_fn|apply_fun|forward|forward_fn|predict|predict_fn|predict_fun|fn|model_fn|apply_func)")
BATCH = re.compile(r"(.*_)?(batch|data|minibatch|mb|example|examples|sample|samples|b)")
OUTPUTS = re.compile(r"(.*_)?(logits?|preds?|predictions?|predicted|outputs?|outs?|scores?|probs?|probabilities|y_?hat|y_?pred|yhat|log_?probs?|logp"
                     r"|estimates?|p|z|a|o)")
OPTIMIZER = re.compile(r"(.*_)?(optimizer|opt|tx|opt_state|optim|optimizer_state|optimiser|metrics|metric|schedule|lr|learning_rate)")
GRAPH = re.compile(r"graph_?def|gdef|graph|static")
REST = re.compile(r"rest|other(s|_state|_variables)?|non_params|nondiff.*")
CLASSES = re.compile(r"(n_?|num_?)?(classes|class|labels|outputs|out)|k|c")


@dataclasses.dataclass
class Values:
    """Everything a loss may ask for, in one trace.

    Args:
        call: the adapter's model and layout.
        tree: its leaves.
        inputs: a batch in the reference's convention.
        labels: in the user's form.
        single: whether `inputs` is one example.
    """

    call: Call
    tree: dict[str, Any]
    inputs: tuple[jax.Array, ...]
    labels: jax.Array
    key: jax.Array | None
    training: bool
    single: bool = False

    @property
    def data(self) -> list[jax.Array]:
        """The inputs in the user's axes."""
        forms = self.call.layout.forms
        moves = [form.single if self.single else form.batch for form in forms]
        return [move(value) for move, value in zip(moves, self.inputs, strict=True)]

    @property
    def in_order(self) -> tuple[jax.Array, ...]:
        """The inputs in the order in which the model itself takes them."""
        return tuple(self.data[index] for index in own_order(self.call))

    @property
    def random(self) -> jax.Array:
        return jax.random.key(0) if self.key is None else typed(self.key)


Slot = Callable[[Values], Any]


@dataclasses.dataclass(frozen=True)
class Plan:
    """One way to fill the parameters of a loss: a value for each, by name."""

    slots: dict[str, Slot]
    note: str = ""

    def arguments(self, values: Values) -> dict[str, Any]:
        return {name: slot(values) for name, slot in self.slots.items()}


def model_slots(call: Call, parameter: inspect.Parameter) -> list[Slot]:
    """Values for a parameter called after the model."""
    if call.model.framework == "nnx":
        return [lambda values: values.call.model.module(values.tree, values.training, values.key)]
    if call.model.framework == "linen":
        return [lambda values: values.call.model.module, lambda values: bound(values)]
    return [lambda values: values.call.model.arguments(values.tree)[0], lambda values: values.call.model.forward]


def bound(values: Values):
    model = values.call.model
    return model.module.bind(model.variables(values.tree), rngs=model.rngs(values.random))


def params_slots(call: Call, name: str) -> list[Slot]:
    """Values for a parameter called after the parameters."""
    if call.model.framework == "nnx":
        return [lambda values: values.call.model.states(values.tree)[0], lambda values: values.call.model.whole_state(values.tree),
                lambda values: values.call.model.module(values.tree, values.training, values.key)]
    if call.model.framework == "linen":
        bare, full = (lambda values: values.tree["parameters"]), (lambda values: values.call.model.variables(values.tree))
        return [full, bare] if re.fullmatch(r"(.*_)?(variables|vars|v)", name) else [bare, full]
    return [lambda values: values.call.model.arguments(values.tree)[0], lambda values: values.call.model.restore(values.tree)]


def statistics_slot(values: Values) -> Any:
    model = values.call.model
    if model.framework == "jax":
        return model.arguments(values.tree)[1]
    if model.framework == "nnx":
        return model.states(values.tree)[1]
    return values.tree.get("statistics", {})


def state_slot(values: Values) -> Any:
    """A train state: parameters, statistics, step, key; what applies them."""
    model = values.call.model
    arrays = {"step": jnp.zeros((), jnp.int32), "opt_state": (), "key": values.random, "rng": values.random,
              "dropout_key": values.random, "dropout_rng": values.random}
    fixed: dict[str, Any] = {"tx": None, "optimizer": None}
    if model.framework == "linen":
        arrays |= {"params": values.tree["parameters"], "batch_stats": values.tree.get("statistics", {})}
        fixed["apply_fn"] = model.module.apply
    elif model.framework == "jax":
        parameters, state = model.arguments(values.tree)
        arrays |= {"params": parameters, "state": state, "batch_stats": state}
        fixed["apply_fn"] = model.forward
    else:
        arrays |= {"params": model.states(values.tree)[0], "batch_stats": model.states(values.tree)[1]}
        fixed |= {"model": model.module(values.tree, values.training, values.key), "graphdef": model.graph}
        arrays |= dict.fromkeys(("rest", "other", "others", "other_state"), model.rest(values.tree))
    return State(arrays, fixed)


def owner(values: Values, cls: Any) -> Any:
    """A stand-in for the trainer whose method a loss is in: its methods, and the model under any name that suits one.

    Args:
        cls: the trainer's class, or the model's own.
    """
    model = values.call.model
    if isinstance(cls, type) and cls is model.cls and model.framework == "nnx":
        return model.module(values.tree, values.training, values.key)

    def missing(instance: Any, name: str) -> Any:
        for pattern, slots in ((APPLY, [apply_slot]), (PARAMS, params_slots(values.call, name)), (STATISTICS, [statistics_slot]),
                               (STATE, [state_slot]), (MODEL, model_slots(values.call, None))):
            if pattern.fullmatch(name.lower().strip("_")):
                return slots[0](values)
        raise AttributeError(f"`{name}` is not known before the program runs")

    base = cls if isinstance(cls, type) else object
    try:
        return object.__new__(type(base.__name__, (base,), {"__getattr__": missing}))
    except TypeError:
        return object.__new__(type("Owner", (), {"__getattr__": missing}))


def apply_slot(values: Values) -> Any:
    model = values.call.model
    return model.module.apply if model.framework == "linen" else getattr(model, "forward", None)


def own_order(call: Call) -> tuple[int, ...]:
    """Which input stands where among the model's own arguments."""
    count = len(call.layout.inputs)
    data = call.layout.packing.pack(list(range(count)))
    found = data.positional + tuple(data.named.values())
    if len(found) == 1 and isinstance(found[0], tuple):
        found = found[0]
    return found if sorted(map(str, found)) == sorted(map(str, range(count))) else tuple(range(count))


def packed_inputs(values: Values) -> Any:
    """All inputs as the model itself takes them in one argument."""
    data = values.call.layout.packing.pack(values.data)
    return data.positional[0] if len(data.positional) == 1 else data.positional


def batch_slots(
    inputs: tuple[Input, ...], keys: list[str], unpacked: list[str], packed: tuple[str, ...] = ()
) -> list[tuple[str, Slot]]:
    """A batch as the loss takes it apart: a dict with the keys it reads, a tuple in either order.

    Args:
        keys: text that the batch is indexed with.
        unpacked: names that it is unpacked to.
        packed: keys by which the model itself takes its inputs, where it takes a dict.
    """
    found: list[tuple[str, Slot]] = []
    pair = lambda values: (*values.in_order, values.labels)
    swapped = lambda values: (values.labels, *values.in_order)
    nested = lambda values: (values.in_order, values.labels)
    crossed = lambda values: (*reversed(values.in_order), values.labels)
    if len(keys) >= 2 or packed:
        assigned = assign_beside(keys, packed) if packed else assign(keys, inputs)
        if assigned:
            data_keys, label_key = assigned

            def as_dict(values: Values) -> dict[str, Any]:
                return dict(zip(data_keys, values.data, strict=True)) | {label_key: values.labels}

            found.append(("", as_dict))
            found.append(("", lambda values: SimpleNamespace(**as_dict(values))))
    first_is_label = bool(unpacked) and LABELS.fullmatch(unpacked[0].lower()) is not None \
        and LABELS.fullmatch(unpacked[-1].lower()) is None
    tuples: list[Slot] = [swapped, pair] if first_is_label else [pair, swapped]
    if len(inputs) > 1:
        tuples += [nested, crossed]
        order = order_of(unpacked[:-1], inputs)
        if order:
            tuples.insert(0, lambda values: (*(values.data[index] for index in order), values.labels))
    found += [("", slot) for slot in tuples]
    if not keys:
        names = [("image", "label"), ("x", "y"), ("inputs", "targets")]
        if len(inputs) == 1:
            found += [("", lambda values, pair=pair: {pair[0]: values.data[0], pair[1]: values.labels}) for pair in names]
    return found


def assign_beside(keys: list[str], packed: tuple[str, ...]) -> tuple[list[str], str]:
    """The model's own keys for the inputs, and the first other one for the labels."""
    return list(packed), next((key for key in keys if key not in packed), "label")


def assign(keys: list[str], inputs: tuple[Input, ...]) -> tuple[list[str], str] | None:
    """Keys for the inputs, in their order, and the key of the labels."""
    named = [key for key in keys if LABELS.fullmatch(key.lower()) and not any(
        given.kind == "tokens" and roles.suits(key, "tokens") and not LABELS.fullmatch(key.lower()) for given in inputs)]
    label = named[-1] if named else keys[-1]
    rest = [key for key in keys if key != label]
    if len(rest) < len(inputs):
        return None
    score = lambda order: sum(2 * (given.name == key) + roles.suits(key, given.kind) for given, key in zip(inputs, order, strict=True))
    orders = list(itertools.islice(itertools.permutations(rest, len(inputs)), 200))
    return list(max(orders, key=score)), label


def order_of(names: list[str], inputs: tuple[Input, ...]) -> list[int]:
    """Which input each name is for; empty where names do not tell."""
    order = []
    for name in names:
        suited = [index for index, given in enumerate(inputs)
                  if index not in order and (given.name == name or roles.suits(name, given.kind))]
        if not suited:
            return []
        order.append(suited[0])
    return order if len(order) == len(inputs) else []


def plans(parameters: list[inspect.Parameter], call: Call, definition: ast.AST | None, namespace: Names,
          differentiated: str = "") -> list[Plan]:
    """Ways to fill the parameters of a loss over the model or its parameters, most plausible first.

    Args:
        definition: syntax of the loss, for what it does with its batch.
        differentiated: the parameter that must be the model or its parameters, where it is known.
    """
    inputs = call.layout.inputs
    choices: list[list[tuple[str, Slot]]] = []
    names: list[str] = []
    assigned_roles = assign_roles(parameters, inputs, own_order(call), differentiated)
    for parameter, role in zip(parameters, assigned_roles, strict=True):
        slots = slots_for(role, parameter, call, definition, namespace)
        if slots is None:
            continue
        names.append(parameter.name)
        choices.append(slots)
    combinations = sorted(itertools.product(*(range(len(choice)) for choice in choices)), key=sum)
    return [Plan({name: choices[index][chosen][1] for index, (name, chosen) in enumerate(zip(names, combination, strict=True))})
            for combination in combinations[:40]]


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


def role_by_name(parameter: inspect.Parameter, before: list[str], inputs: tuple[Input, ...], taken: set[int]) -> str:
    name = parameter.name.lower()
    optional = parameter.default is not inspect.Parameter.empty
    if name == "self":
        return "self"
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return "default"
    if roles.mode(name, True) is not None:
        return "mode"
    if roles.is_key(name):
        return "key"
    if GRAPH.fullmatch(name):
        return "graph"
    if REST.fullmatch(name):
        return "rest"
    if OPTIMIZER.fullmatch(name):
        return "default" if optional else "nothing"
    if STATISTICS.fullmatch(name):
        return "statistics"
    has_model = any(role in ("model", "params", "state") for role in before)
    if PARAMS.fullmatch(name):
        return "params"
    if MODEL.fullmatch(name):
        return "model"
    if APPLY.fullmatch(name):
        return "apply"
    if STATE.fullmatch(name) and not (has_model and "state" in before):
        return "statistics" if "params" in before and "state" in before else "state"
    if BATCH.fullmatch(name):
        return "batch"
    for number, given in enumerate(inputs):
        if number not in taken and (given.name == name or (len(inputs) > 1 and roles.suits(name, given.kind))
                                    or (given.kind == "lengths" and roles.suits(name, "lengths"))):
            taken.add(number)
            return f"input:{number}"
    if "labels" not in before and LABELS.fullmatch(name):
        return "labels"
    if len(inputs) > 1 and re.fullmatch(r"inputs?|xs?|features|model_inputs?", name):
        return "inputs"
    if len(inputs) == 1 and 0 not in taken and re.fullmatch(
            r"x_?(b|i|batch|train|in)?|xs|xb|inputs?|images?|imgs?|features?|sequences?|tokens?|words|ids|input_batch|batch_x|seqs?|ids|pixels", name):
        taken.add(0)
        return "input:0"
    return "default" if optional else "?"


def slots_for(role: str, parameter: inspect.Parameter, call: Call, definition: ast.AST | None,
              namespace: Names) -> list[tuple[str, Slot]] | None:
    """Values for a role; None where the parameter is left to its default."""
    name = parameter.name
    unnamed = lambda slots: [("", slot) for slot in slots]
    made = next((extra.make for extra in call.extras if extra.name == name), None)
    if made is not None:
        return unnamed([lambda values: made(values.inputs[0].shape[0], call.steps)])
    if role == "default":
        return None
    if role == "model":
        return unnamed(model_slots(call, parameter))
    if role == "params":
        return unnamed(params_slots(call, name))
    if role == "model-or-params":
        both = params_slots(call, name) if call.model.framework != "nnx" else model_slots(call, parameter)
        return unnamed([*both, *(model_slots(call, parameter) if call.model.framework != "nnx" else params_slots(call, name))])
    if role == "graph":
        return unnamed([lambda values: values.call.model.graph])
    if role == "rest":
        return unnamed([lambda values: values.call.model.rest(values.tree)])
    if role == "state":
        whole = [lambda values: values.call.model.whole_state(values.tree)] if call.model.framework == "nnx" else []
        return unnamed([*whole, state_slot, statistics_slot])
    if role == "statistics":
        return unnamed([statistics_slot, state_slot])
    if role == "apply":
        return unnamed([apply_slot, lambda values: values.call.model.module if values.call.model.framework == "linen" else None])
    if role == "labels":
        return unnamed([lambda values: values.labels])
    if role.startswith("input:"):
        index = int(role[6:])
        return unnamed([lambda values: values.data[index]])
    if role == "inputs":
        return unnamed([packed_inputs, lambda values: values.in_order, lambda values: tuple(reversed(values.in_order))])
    if role == "self":
        return unnamed([lambda values: owner(values, parameter.annotation)])
    if role == "batch":
        keys, unpacked = indexed_with(definition, name), unpacked_to(definition, name)
        return batch_slots(call.layout.inputs, keys, unpacked, call.layout.packing.keys)
    if role == "mode":
        return unnamed([lambda values: roles.mode(name, values.training)])
    if role == "key":
        if parameter.default is not inspect.Parameter.empty:
            return unnamed([lambda values: parameter.default if values.key is None else values.random])
        return unnamed([lambda values: values.random])
    if CLASSES.fullmatch(name.lower()):
        return unnamed([lambda values: values.call.output.shape[-1]])
    given = getattr(call.model, "config", {})
    value = given[name] if name in given else namespace.get(name, namespace.get(name.upper()))
    return unnamed([lambda values: value])


def indexed_with(definition: ast.AST | None, name: str) -> list[str]:
    """Text that a name is indexed with or asked for, as in `batch["image"]`, `batch.get("image")`, `batch.image`."""
    found = []
    for node in ast.walk(definition) if definition is not None else ():
        if isinstance(node, ast.Subscript) and name_of(node.value) == name and isinstance(node.slice, ast.Constant) \
                and isinstance(node.slice.value, str):
            found.append(node.slice.value)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name \
                and node.attr not in ("items", "keys", "values", "get", "pop", "shape"):
            found.append(node.attr)
    return list(dict.fromkeys(found))


def unpacked_to(definition: ast.AST | None, name: str) -> list[str]:
    """Names that a tuple is unpacked to, as in `x, y = batch`."""
    for node in ast.walk(definition) if definition is not None else ():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == name \
                and isinstance(node.targets[0], (ast.Tuple, ast.List)):
            return [name_of(entry) for entry in node.targets[0].elts]
    return []
