"""Which names of a file may be its model, by its text alone."""

import ast
import re
from collections.abc import Iterable

from refkit.loading.names import dotted, names_of
from refkit.loading.namespace import Namespace
from refkit.loading.statements import Statement

NOT_MODELS = frozenset(
    "Dataset IterableDataset TensorDataset DataLoader LightningDataModule GeneratorBasedBuilder"
    " BeamBasedBuilder BuilderConfig NamedTuple Enum IntEnum StrEnum Flag TypedDict Protocol ABC Generic"
    " Exception ValueError RuntimeError TrainState PyTreeNode Collection Metric Callback Thread Process object"
    " dict list tuple str int float OrderedDict UserDict Namespace Action Variable Param Intermediate BatchStat"
    " Optimizer TestCase Sequence Mapping Iterator Iterable".split()
)
INIT = frozenset("init initialize initialise".split())
MAKE = frozenset("make create get build new random generate define setup".split())
PARAMETERS = frozenset("params param parameters weights".split())
MODELS = frozenset("model net network cnn mlp lenet lstm rnn classifier".split())
APPLY = ("apply", "forward", "fwd", "logits", "predict", "call", "inference", "infer", "model", "net", "network")
FILLERS = PARAMETERS | frozenset(
    "network net model nn fn fun func function batched batch batchwise vmap vmapped jit jitted random all".split()
)
NOT_APPLY = INIT | frozenset(
    "make create build get loss grad grads gradients update updates train training eval evaluate test step"
    " accuracy save load plot summary config print metrics cost state params size shape path name dir file"
    " predictions data config cfg log history opt optimizer optim key rng".split()
)

FUNCTION_MAKERS = frozenset(
    "jit pjit vmap pmap partial named_call checkpoint remat grad value_and_grad shard_map lru_cache cache njit"
    " wraps filter_jit filter_vmap filter_grad filter_value_and_grad transform without_apply_rng Compose serial"
    " parallel".split()
)


def words(name: str) -> list[str]:
    """`batchedPredict_2` as `["batched", "predict", "2"]`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def pair_names(name: str | None) -> tuple[str, ...]:
    """The names after TARGET's colon: one, or a pair such as `init/apply`."""
    return tuple(part.strip() for part in re.split(r"[,/+]", name)) if name else ()


def definitions(namespace: Namespace) -> list[Statement]:
    """The functions and classes of a file, the last one of each name."""
    last = {statement.node.name: statement for statement in namespace.statements if statement.is_definition}
    return list(last.values())


def candidate_classes(namespace: Namespace) -> list[str]:
    """Classes of the file that have a base which may be a framework's module."""
    return [
        statement.node.name
        for statement in definitions(namespace)
        if isinstance(statement.node, ast.ClassDef) and any(_may_be_module(base) for base in statement.node.bases)
    ]


def uses(namespace: Namespace, name: str) -> frozenset[str]:
    """Names of the file that a definition reads, through other definitions too; not itself, unless by recursion."""
    waiting, seen = list(_read_by(namespace, name)), set()
    while waiting:
        current = waiting.pop()
        if current not in seen and current in namespace.writers:
            seen.add(current)
            waiting.extend(_read_by(namespace, current))
    return frozenset(seen)


def without_parts(namespace: Namespace, names: Iterable[str]) -> list[str]:
    """Those of the names that no other one of them uses; all of them where each is used."""
    names = list(names)
    used = {name: uses(namespace, name) for name in names}
    kept = [
        name
        for name in names
        if not any(name in used[other] and other not in used[name] for other in names if other != name)
    ]
    return kept or names


def is_init(name: str) -> bool:
    """Whether a function's name says that it makes parameters."""
    said = set(words(name))
    if said & {"opt", "optimizer", "optim", "state", "data", "wandb", "logging", "key", "rng", "carry", "hidden"}:
        return False
    return bool(said & INIT) or bool(said & MAKE and said & PARAMETERS)


def is_apply(name: str) -> bool:
    """Whether a function's name says that it is a model's forward pass."""
    said = set(words(name))
    return bool(said & set(APPLY)) and not said & NOT_APPLY


def is_builder(name: str) -> bool:
    """Whether a function's name says that it builds a model."""
    said = set(words(name))
    return bool(said & (MAKE | INIT) and said & MODELS) and not said & (PARAMETERS | {"state", "step"})


def stem(name: str) -> frozenset[str]:
    """What is left of a function's name without the words that say what it does: `lstm` of `init_lstm_params`."""
    return frozenset(words(name)) - INIT - MAKE - FILLERS - frozenset(APPLY)


def takes_parameters(statement: Statement) -> bool:
    """Whether a function may be `apply(params, x)`: two arguments or more, and no class ids as its answer."""
    node = statement.node
    if not isinstance(node, ast.FunctionDef):
        return True
    arguments = node.args.posonlyargs + node.args.args
    answers = (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value is not None)
    chooses = any(
        isinstance(part, ast.Attribute) and part.attr == "argmax" for answer in answers for part in ast.walk(answer)
    )
    return len(arguments) >= 2 and not chooses


def makes_function(value: ast.expr | None) -> bool:
    """Whether an assigned expression gives a function: another's name, a lambda, `jax.jit(f)`, `make_step(model)`."""
    if isinstance(value, ast.Call):
        last = (dotted(value.func) or ".").rpartition(".")[2]
        return last in FUNCTION_MAKERS or bool(set(words(last)[:1]) & MAKE)
    return isinstance(value, (ast.Lambda, ast.Name, ast.Attribute, ast.IfExp, ast.Subscript))


def _may_be_module(base: ast.expr) -> bool:
    while isinstance(base, (ast.Subscript, ast.Call)):
        base = base.value if isinstance(base, ast.Subscript) else base.func
    name = dotted(base)
    last = name.rpartition(".")[2] if name else ""
    return last not in NOT_MODELS and not last.endswith(("Error", "Exception", "Dataset", "DataLoader", "Callback"))


def _read_by(namespace: Namespace, name: str) -> frozenset[str]:
    found = frozenset()
    for statement in namespace.writers.get(name, ()):
        if statement.refusal is None:
            names = names_of(statement.node)
            found |= names.reads | names.later
    return found
