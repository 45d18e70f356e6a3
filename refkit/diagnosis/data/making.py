"""Whether two parts of a data set are made with one seed."""

import ast
import re

import numpy as np

from refkit.diagnosis.data.parts_of_data import pieces
from refkit.diagnosis.data.situation import NotTaken, Situation
from refkit.diagnosis.data.splitting import common
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part

TEST = re.compile(r"(^|_)(x_?|y_?)?(te|test|val|valid|validation|eval|dev|held_?out)(_|$|x|y|\d)", re.IGNORECASE)
SHARED = 0.5  # in small worlds examples repeat by chance


def observe_made(part: Part, situation: Situation) -> tuple[list[Symptom], str]:
    """Test examples that are made again as the training examples were.

    Raises:
        NotTaken: no function of the file is called for two parts with arguments that are written down.
    """
    for name, calls in sorted(pairs_of_calls(part.run.tree).items()):
        made = []
        for call, _ in calls[:3]:
            result = part.run(
                name,
                [ast.literal_eval(a) for a in call.args],
                {k.arg: ast.literal_eval(k.value) for k in call.keywords},
            )
            found = pieces(result, situation)
            made.append(whole_examples(result, len(found[0].inputs)) if found else None)
        if any(array is None for array in made):
            continue
        for (call, target), array in list(zip(calls, made))[1:]:
            shared = common(made[0], array) if made[0].shape[1:] == array.shape[1:] else 0
            if shared > SHARED * len(array) and array[0].size > 6 and np.ptp(array) > 0:
                message = (
                    f"{shared} of {len(array)} test examples are among the {len(made[0])} training examples: "
                    f"both are made "
                    "with one seed"
                )
                return [Symptom("overlap", "split", message, call.lineno)], "made twice"
        return [], f"`{name}` makes {' and '.join(str(len(array)) for array in made)} examples"
    raise NotTaken("no function makes both training and test examples")


def whole_examples(result: list[tuple[str, np.ndarray]], count: int) -> np.ndarray:
    """Everything that a function gives of each example, `f64[count, numbers]`: of several inputs one may repeat by chance."""
    arrays = [array for _, array in result if len(np.shape(array)) and len(array) == count]
    return np.concatenate([np.asarray(array, np.float64).reshape(count, -1) for array in arrays], axis=1)


def pairs_of_calls(tree: ast.Module) -> dict[str, list[tuple[ast.Call, str]]]:
    """Functions of the file called for training and for test examples: the calls, with the names they are bound to."""
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: dict[str, list[tuple[ast.Call, str]]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target, value in bound(node.targets[0], node.value):
            if (
                isinstance(value, ast.Call)
                and isinstance(value.func, ast.Name)
                and value.func.id in own
                and literal(value)
            ):
                found.setdefault(value.func.id, []).append((value, ast.unparse(target)))
    return {
        name: calls
        for name, calls in found.items()
        if len(calls) > 1
        and any(TEST.search(part) for _, target in calls for part in re.findall(r"\w+", target))
        and not all(TEST.search(target) for _, target in calls)
    }


def bound(target: ast.AST, value: ast.AST):
    """Each name with its value, tuples taken apart."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts):
            yield from bound(one, other)
    else:
        yield target, value


def literal(call: ast.Call) -> bool:
    """Whether all arguments of a call are written down as numbers or texts, at least one of them."""
    try:
        values = [ast.literal_eval(value) for value in [*call.args, *(k.value for k in call.keywords)]]
    except ValueError:
        return False
    return bool(values)
