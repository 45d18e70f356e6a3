"""What a train step is first called with: by the file's own statements where they can be run, else made from parts."""

import ast
import inspect
import re
from typing import Any

import jax
import optax
from flax import nnx

from refkit.adapters.calling import typed
from refkit.adapters.expressions import name_of
from refkit.adapters.parts.optimizer import RATE_MEANT, found_optimizer, is_transformation, zeros_like
from refkit.adapters.parts.slices import Slices, argument_of, called, contains
from refkit.adapters.parts.starting_state import is_tree, state_of, with_ours
from refkit.adapters.parts.steps import Step
from refkit.adapters.parts.surroundings import Surroundings

MEMORY_MAKER = re.compile(
    r"(init|create|make|new|zero)\w*(opt|adam|momentum|velocity|moments?|memory|state|mem)\w*|(adam|opt|sgd|momentum)_?init"
)


class Starts:
    """First values of the parameters of a train step.

    Args:
        surroundings: the file and its model.
        slices: values of its expressions.
        step: the train step.
        form: which of the forms that the model's parameters come in is handed on; 0 is the likeliest.
    """

    def __init__(self, surroundings: Surroundings, slices: Slices, step: Step, form: int = 0):
        self.surroundings, self.slices, self.step, self.form = surroundings, slices, step, form
        self.model = surroundings.call.model

    def given(self, tree: dict[str, Any], key: jax.Array, names: dict[str, str]) -> "Given":
        """Our own values for what the file calls its model and parameters."""
        return Given(self, tree, key, names)


class Given:
    """Values for one start.

    Args:
        roles: what each parameter of the step is for.
    """

    def __init__(self, starts: Starts, tree: dict[str, Any], key: jax.Array, roles: dict[str, str]):
        self.starts, self.tree, self.key, self.roles = starts, tree, typed(key), roles
        self.model_value = self.make_model()
        self.params_value = self.make_params()
        self.names = self.driver_names()
        self.optimizer_value: Any = None

    @property
    def framework(self) -> str:
        return self.starts.model.framework

    def make_model(self) -> Any:
        """The module: in NNX with our parameters, as its constructor leaves it; elsewhere what applies them."""
        model = self.starts.model
        if self.framework == "nnx":
            return model.constructed(self.tree, self.key)
        return model.module if self.framework == "linen" else model.forward

    def forms(self) -> list[Any]:
        model = self.starts.model
        if self.framework == "nnx":
            return [nnx.state(self.model_value, nnx.Param)]
        if self.framework == "linen":
            bare, full = self.tree["parameters"], model.variables(self.tree)
            names = [name for name, role in self.roles.items() if role == "params"]
            return (
                [full, bare] if names and re.fullmatch(r"(.*_)?(variables|vars|v)", names[0].lower()) else [bare, full]
            )
        return [model.arguments(self.tree)[0]]

    def make_params(self) -> Any:
        forms = self.forms()
        return forms[min(self.starts.form, len(forms) - 1)]

    def statistics(self) -> Any:
        model = self.starts.model
        if self.framework == "jax":
            return model.arguments(self.tree)[1]
        return self.tree.get("statistics", {})

    def driver_names(self) -> dict[str, Any]:
        """Names under which the file's loop keeps its model and parameters."""
        found: dict[str, Any] = {}
        step = self.starts.step
        if step.call is not None and step.definition is not None:
            for name, role in self.roles.items():
                expression = argument_of(step.call, step.definition, name)
                if isinstance(expression, ast.Name) and role in ("params", "model", "statistics"):
                    if role != "model" or self.framework == "nnx":
                        value = {"params": self.params_value, "model": self.model_value}.get(role)
                        found[expression.id] = self.statistics() if role == "statistics" else value
        for node in ast.walk(self.starts.slices.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
                name = name_of(node.targets[0])
                if (
                    name
                    and isinstance(node.targets[0], ast.Name)
                    and name not in found
                    and self.builds_model(node.value)
                ):
                    found[name] = self.model_value
        return found

    def builds_model(self, call: ast.Call) -> bool:
        cls = self.starts.model.cls
        return self.framework == "nnx" and cls is not None and called(call) == cls.__name__

    def of(self, parameter: inspect.Parameter, role: str) -> Any:
        """The first value of a parameter."""
        if role == "model":
            return self.model_value
        if role == "params":
            return self.params_value
        if role == "statistics":
            return self.statistics()
        if role == "apply":
            return (
                self.starts.model.module.apply
                if self.framework == "linen"
                else getattr(self.starts.model, "forward", None)
            )
        found = self.by_call(parameter.name)
        if role == "optimizer":
            return self.as_optimizer(found if is_optimizer(found) else self.optimizer())
        if role == "state":
            return with_ours(self, found if is_tree(found) else state_of(self, parameter))
        if found is not None:
            return found
        if role == "memory":
            return self.memory(parameter)
        if role == "count":
            return self.first_count(parameter.name)
        if role == "rate":
            return None if parameter.default is not inspect.Parameter.empty else RATE_MEANT
        if role == "metrics":
            return nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())
        if role == "graph":
            return self.starts.model.graph
        return None

    def first_count(self, name: str) -> int:
        """Where the file's loop begins to count."""
        call = self.starts.step.call
        for node in ast.walk(self.starts.slices.tree) if call is not None else ():
            counts = isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and contains(node, call)
            if counts and called(node.iter) in ("range", "enumerate") and len(node.iter.args) > 1:
                target = node.target.elts[0] if isinstance(node.target, ast.Tuple) else node.target
                place = 0 if called(node.iter) == "range" else 1
                first = node.iter.args[place]
                if name_of(target) == name and isinstance(first, ast.Constant) and isinstance(first.value, int):
                    return first.value
        return 1 if name == "t" else 0

    def by_call(self, name: str) -> Any:
        """What the file's own call of the step gives; None where that cannot be had."""
        step = self.starts.step
        if step.call is None or step.definition is None:
            return None
        expression = argument_of(step.call, step.definition, name)
        if expression is None:
            return None
        try:
            return self.starts.slices.value(expression, step.call, self.names)
        except Exception:  # noqa: BLE001: the file's own statements may want data, or anything
            return None

    def optimizer(self) -> Any:
        """The file's optimizer; Adam where it has none."""
        if self.optimizer_value is None:
            given = {"model": self.model_value, "params": self.params_value, "key": self.key, "names": self.names}
            found = found_optimizer(self.starts.surroundings, self.starts.slices, given)
            self.optimizer_value = optax.adam(RATE_MEANT) if found is None else found
        return self.optimizer_value

    def as_optimizer(self, found: Any) -> Any:
        if self.framework != "nnx" or "model" not in self.roles.values():
            return found
        if is_transformation(found):
            return nnx.Optimizer(self.model_value, found, wrt=nnx.Param)
        if isinstance(found, nnx.ModelAndOptimizer) and found.model is not self.model_value:
            return type(found)(self.model_value, found.tx, wrt=found.wrt)  # the file's own holds the file's own model
        return found

    def memory(self, parameter: inspect.Parameter) -> Any:
        """The optimizer's state for our parameters."""
        maker = self.maker(MEMORY_MAKER, self.params_value)
        if maker is not None:
            return maker
        optimizer = self.optimizer()
        if isinstance(optimizer, tuple) and not is_transformation(optimizer):
            return optimizer[0](self.params_value)
        found = self.starts.surroundings.find("optimizer")
        if (found is not None or "opt" in parameter.name) and is_transformation(optimizer):
            return optimizer.init(self.params_value)
        return zeros_like(self.params_value)

    def maker(self, pattern: re.Pattern, *arguments: Any) -> Any:
        """What a function of the file gives for these arguments, the function being found by its name."""
        evidence = self.starts.surroundings.evidence
        for node in evidence.tree.body:
            if isinstance(node, ast.FunctionDef) and pattern.fullmatch(node.name.lower()):
                function = evidence.namespace.get(node.name)
                needed = [a for a in node.args.args][: len(node.args.args) - len(node.args.defaults)]
                if callable(function) and len(needed) == len(arguments):
                    try:
                        return function(*arguments)
                    except Exception:  # noqa: BLE001: it may be for something else
                        continue
        return None


def is_optimizer(thing: Any) -> bool:
    return is_transformation(thing) or isinstance(thing, nnx.Optimizer)
