"""Why a top-level statement is not run: what it does besides giving names a value."""

import ast
import re
from collections.abc import Mapping

from refkit.loading.names import dotted, root

REFUSED_CALLS = (
    (
        r"tensorflow_datasets\.(load|builder|as_numpy|data_source)|(.+\.)?datasets\.\w+\.load_data|torchvision\.datasets\..+"
        r"|datasets\.load_\w+|sklearn\.datasets\.fetch_\w+|(.+\.)?fetch_openml|(.+\.)?get_file"
        r"|urllib\.request\..+|(.+\.)?(urlretrieve|urlopen)|requests\..+|(wget|gdown|kagglehub|huggingface_hub|kaggle)\..+",
        "downloads data",
    ),
    (
        r"(.+\.)?(train|fit|main|run|evaluate|test|train_model|train_and_evaluate|train_epoch|train_one_epoch|run_training"
        r"|run_epoch|run_experiment|training_loop|train_loop|eval_model|test_model|backward)",
        "trains or evaluates",
    ),
    (r"train_step|training_step|update_step|update|step|eval_step", "trains or evaluates"),
    (r"(wandb|mlflow|neptune|comet_ml|tensorboardX)\..+", "writes a log"),
    (r"matplotlib\.pyplot\..+|seaborn\..+|(.+\.)?(savefig|imshow)", "plots"),
    (r"os\.(system|popen|exec\w+|spawn\w+|fork|kill)|subprocess\..+", "runs another program"),
    (r"input|breakpoint|pdb\.set_trace|IPython\.embed|time\.sleep|getpass\.getpass", "waits"),
    (r"sys\.exit|exit|quit|os\._exit", "ends the program"),
)
HARMLESS_EFFECTS = (
    (r"(.+\.)?get_ipython", "runs a notebook's command"),
    (r"(.+\.)?print|pprint\.\w+|logging\..+|(.+\.)?(info|warning|debug)|rich\..+|tqdm\.write", "prints"),
    (r"(.+\.)?(seed|set_seed|manual_seed|seed_everything)", "seeds a generator"),
    (
        r"(.+\.)?config\.\w+|os\.environ\..+|warnings\..+|sys\.path\..+|sys\.setrecursionlimit|numpy\.set_printoptions",
        "changes settings",
    ),
    (
        r"(.+\.)?(dump|save|savez|savez_compressed|savetxt|to_csv|write|write_text|write_bytes|mkdir|makedirs|unlink|rmtree)",
        "writes files",
    ),
)
CHANGING_METHODS = frozenset(
    "append extend insert add update setdefault sort reverse remove pop clear discard register"
    " add_argument add_arguments set_defaults add_parser lock unlock freeze".split()
)
TRAINED_NAMES = frozenset("optimizer optim opt tx state train_state model net params metrics".split())

_REFUSED = tuple((re.compile(pattern), reason) for pattern, reason in REFUSED_CALLS)
_HARMLESS = tuple((re.compile(pattern), reason) for pattern, reason in HARMLESS_EFFECTS)


class Effects:
    """What the statements of one file do, seen through its imports and its own functions.

    Args:
        tree: the file's syntax tree.
    """

    def __init__(self, tree: ast.Module):
        self.origins = import_origins(tree)
        self._definitions: Mapping[str, ast.AST] = {
            node.name: node
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }

    def origin(self, node: ast.AST) -> str | None:
        """The dotted name of an expression with import aliases undone: `optax.adam` for `adam`."""
        name = dotted(node)
        if name is None:
            return None
        first, dot, rest = name.partition(".")
        return self.origins.get(first, first) + dot + rest

    def refusal(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> str | None:
        """Why running this node would do more than compute, or None; calls of the file's own functions are followed."""
        for call in _calls(node):
            name = self.origin(call.func)
            if name is None:
                continue
            for pattern, reason in _REFUSED:
                if pattern.fullmatch(name):
                    return reason
            definition = self._definitions.get(name)
            if definition is not None and name not in seen:
                body = _body_when_called(definition)
                for inner in body:
                    if reason := self.refusal(inner, seen | {name}):
                        return reason
        return None

    def describe(self, node: ast.stmt) -> str:
        """Why a statement that binds nothing was left out."""
        if isinstance(node, ast.If) and is_main_guard(node.test):
            return "runs only as a script"
        if reason := self.refusal(node):
            return reason
        for call in _calls(node):
            name = self.origin(call.func) or ""
            for pattern, reason in _HARMLESS:
                if pattern.fullmatch(name):
                    return reason
        if isinstance(node, ast.While):
            return "loops"
        if isinstance(node, (ast.Assign, ast.AugAssign)) and (self.origins.keys() & {root(t) for t in _targets(node)}):
            return "changes settings"
        return "nothing needs it"

    def changed_by_call(self, node: ast.stmt, imported: frozenset[str]) -> set[str]:
        """Names whose objects an expression statement fills: `layers` for `layers.append(32)`, `FLAGS` for flags."""
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            return set()
        function = node.value.func
        if not isinstance(function, ast.Attribute):
            parsers = {root(argument) for argument in node.value.args} & {"parser", "argparser", "arg_parser"}
            defines = isinstance(function, ast.Name) and function.id.startswith("DEFINE_")
            return {"FLAGS"} if defines else parsers
        owner = root(function.value)
        if function.attr.startswith("DEFINE_") and owner:
            return {owner, "FLAGS"}
        if owner is None or owner in imported or function.attr not in CHANGING_METHODS:
            return set()
        return set() if function.attr == "update" and owner in TRAINED_NAMES else {owner}

    def prune(self, node: ast.stmt) -> ast.stmt | None:
        """A compound statement without the inner ones that are refused; None where nothing is left to run."""
        reason = self.refusal(node)
        if reason is None:
            return node
        loops = isinstance(node, (ast.While, ast.For, ast.AsyncFor))
        if loops or not isinstance(node, (ast.If, ast.With, ast.Try)):
            return None
        if isinstance(node, ast.With) and any(self.refusal(item) for item in node.items):
            return None
        if isinstance(node, ast.If) and self.refusal(node.test):
            return None
        fields = {name: value for name, value in ast.iter_fields(node)}
        for field in ("body", "orelse", "finalbody"):
            if field in fields:
                fields[field] = self._prune_block(fields[field], keep_one=field == "body")
        if isinstance(node, ast.Try):
            fields["handlers"] = [
                ast.copy_location(ast.ExceptHandler(h.type, h.name, self._prune_block(h.body, True)), h)
                for h in node.handlers
            ]
        return ast.copy_location(type(node)(**fields), node)

    def _prune_block(self, block: list[ast.stmt], keep_one: bool) -> list[ast.stmt]:
        kept = [pruned for node in block if (pruned := self.prune(node)) is not None]
        if not kept and block and keep_one:
            kept = [ast.copy_location(ast.Pass(), block[0])]
        return kept


def import_origins(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `{"jnp": "jax.numpy", "adam": "optax.adam"}`."""
    origins = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                origins[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origins[alias.asname or alias.name] = "." * node.level + f"{node.module or ''}.{alias.name}".lstrip(".")
    return origins


def is_main_guard(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`, alone or among others."""
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _calls(node: ast.AST):
    """Calls made when the node runs, not those inside functions that it only defines."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Call):
            yield current
        if isinstance(current, ast.Lambda):
            continue
        if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
            stack.extend([*current.decorator_list, *current.args.defaults, *(d for d in current.args.kw_defaults if d)])
            continue
        stack.extend(ast.iter_child_nodes(current))


def _body_when_called(definition: ast.AST) -> list[ast.stmt]:
    if not isinstance(definition, ast.ClassDef):
        return definition.body
    return [
        node
        for method in definition.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
        for node in method.body
    ]


def _targets(node: ast.stmt) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]
