"""Programs none of whose steps can draw at random or keep statistics, by their text alone."""

import ast
import re

TWO_MODES = (
    r"[Dd]ropout|BatchNorm|batch_norm|batch_stats|bernoulli|running_(mean|var)|drop_"
    r"|\bif (not )?(\w+\.)?(is_)?train(ing)?\b|deterministic"
)
MODES = re.compile(TWO_MODES + r"|make_rng|noise|augment|np\.random\.\w+\(.*jit")
BUILDING = ("__init__", "setup", "")  # what runs once
DRAWING = re.compile(r"random|\bkeys?\b|_key|rng|fold_in|seed")


def draws_nothing(source: str, tree: ast.Module, steps: list[ast.FunctionDef]) -> bool:
    """Whether nothing in the file has two modes, and no step, nor anything of the file that one reaches, says anything random.

    Args:
        steps: the functions that take steps; with none nothing is known.
    """
    if not steps or MODES.search(source):
        return False
    named = {node.name: node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    waiting, reached = list(steps), set()
    while waiting:
        node = waiting.pop()
        if id(node) in reached:
            continue
        reached.add(id(node))
        if isinstance(node, ast.ClassDef):
            waiting += [part for part in node.body if getattr(part, "name", "") not in BUILDING]
            continue
        if DRAWING.search(ast.unparse(node)):
            return False
        words = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        words |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        waiting += [named[word] for word in words & set(named)]
    return True
