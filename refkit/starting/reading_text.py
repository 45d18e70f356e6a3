"""The text that makes examples of columns: what stands in the written file between `read` and the training."""

import json

from refkit.starting.kinds import CATEGORY, IDS, NUMBERS, PICTURE, SEQUENCE, TEXT
from refkit.starting.plan import Plan
from refkit.starting.simplify import SMALL_SIDE, SUBSET, kept_classes
from refkit.starting.text import array_words, call_all

MOST_NAMED = 40  # columns that are listed by name
SPLIT = '''def split(*arrays: np.ndarray, seed: int = 0) -> list[tuple[np.ndarray, ...]]:
    """Training examples, four in five, and test examples, the rest."""
    order = np.random.default_rng(seed).permutation(len(arrays[-1]))
    test, train = np.split(order, [len(order) // 5])
    return [tuple(array[rows] for array in arrays) for rows in (train, test)]
'''
TO_IDS = '''def split_words(text: str) -> list[str]:
    return re.findall(r"[\\w']+", str(text or "").lower())[:STEPS]


def to_ids(texts: np.ndarray, known: list[str]) -> np.ndarray:
    """`i32[texts, STEPS]`: a known word's place and 2, 1 for another word, 0 for padding WHERE the words."""
    ids, places = np.zeros((len(texts), STEPS), np.int32), {word: place + 2 for place, word in enumerate(known)}
    for row, words in zip(ids, map(split_words, texts)):
        row[SLICE] = [places.get(word, 1) for word in words]
    return ids
'''
WITH_WORDS = """    known = sorted({word for text in train[-2] for word in split_words(text)})
    train, test = ((*inputs, to_ids(texts, known), TARGET) for *inputs, texts, TARGET in (train, test))
"""


def definitions(plan: Plan, simplify: str | None) -> str:
    """`read`, `examples`, `load_data` and what they need."""
    parts = [
        plan.source.read.replace('"TARGET"', json.dumps(plan.target.name, ensure_ascii=False)),
        examples(plan, simplify),
    ]
    if plan.of(TEXT):
        front = plan.reference == "multimodal"
        text = TO_IDS.replace("WHERE", "before" if front else "after").replace("STEPS", str(plan.steps))
        parts.append(text.replace("SLICE", f"{plan.steps} - len(words) :" if front else ": len(words)"))
    if simplify:
        parts.append(SUBSET[plan.target.regression].replace("CLASSES", str(len(kept_classes(plan)))))
    if not plan.source.split and own_split(plan):
        parts.append(SPLIT)
    parts.append(load_data(plan, simplify))
    return "\n\n".join(parts)


def own_split(plan: Plan) -> bool:
    """Whether the reference's own `split` does not do: it has none, or it is of one input."""
    return plan.reference not in ("mlp", "lenet")


def load_data(plan: Plan, simplify: str | None) -> str:
    target = array_words(plan)[-1]
    classes = not plan.target.regression and not plan.target.plain and not plan.target.one_hot
    words = ".astype(str)" if plan.source.train[plan.target.name].dtype.kind in "OU" else ""
    column = f"[{json.dumps(plan.target.name, ensure_ascii=False)}]{words}"
    lines = [
        "def load_data(path: str) -> list[tuple[np.ndarray, ...]]:",
        '    """Training and test examples, inputs and what is to be told of them."""',
    ]
    if plan.source.split:
        lines.append("    parts = read(path)")
        given = f", np.unique(parts[0]{column})" if classes else ""
        lines.append(f"    train, test = (examples(part{given}) for part in parts)")
    else:
        lines.append("    columns = read(path)")
        given = f", np.unique(columns{column})" if classes else ""
        lines.append(f"    train, test = split(*examples(columns{given}))")
    if plan.of(TEXT):
        lines += WITH_WORDS.replace("TARGET", target).splitlines()
    lines.append(f"    return {'simplify(train, test)' if simplify else '[train, test]'}")
    return "\n".join(lines) + "\n"


def examples(plan: Plan, simplify: str | None) -> str:
    """The function that makes inputs and targets of the columns of a part."""
    classes = not plan.target.regression and not plan.target.plain and not plan.target.one_hot
    given = ", classes: np.ndarray" if classes else ""
    returned = ", ".join(array_words(plan))
    lines = [
        f"def examples(columns: dict[str, np.ndarray]{given}) -> tuple[np.ndarray, ...]:",
        f'    """{said(plan)}."""',
        *input_lines(plan, simplify),
        f"    {array_words(plan)[-1]} = {target_text(plan)}",
        f"    return {returned}",
    ]
    return "\n".join(lines) + "\n"


def said(plan: Plan) -> str:
    """What `examples` gives, one sentence."""
    inputs = {
        "mlp": "Numbers `f32[rows, features]`, nan where one is missing",
        "lenet": "Pictures",
        "lstm": "Sequences",
        "multimodal": "Pictures, words",
    }[plan.reference]
    ends = ", their lengths" if plan.lengths not in ("", "ids") else ""
    return f"{inputs}{ends}, and {call_all(plan)}"


def target_text(plan: Plan) -> str:
    target = plan.target
    column = access(target.name)
    shape = plan.source.train[target.name].shape
    if target.regression:
        return f"{column}.astype(np.float32).reshape(-1, {target.outputs})"
    if target.one_hot:
        return f"{column}.argmax(axis=1).astype(np.int32)"
    if len(shape) > 1:
        column += "[:, 0]"
    if target.plain:
        return f"{column}.astype(np.int32)"
    words = ".astype(str)" if plan.source.train[target.name].dtype.kind in "OU" else ""
    return f"np.searchsorted(classes, {column}{words}).astype(np.int32)"


def input_lines(plan: Plan, simplify: str | None) -> list[str]:
    if plan.reference == "mlp":
        return table_lines(plan)
    lines = [picture_line(plan, name, simplify) for name in plan.of(PICTURE)]
    word = "words" if plan.reference == "multimodal" else "x"
    lines += [f"    {word} = {access(name)}" for name in plan.of(TEXT)]
    return lines + [line for name in plan.of(IDS, SEQUENCE) for line in sequence_lines(plan, name, word)]


def picture_line(plan: Plan, name: str, simplify: str | None) -> str:
    values = plan.source.train[name]
    every = -(-max(values.shape[1:3]) // SMALL_SIDE) if simplify else 1
    fewer = f"[:, ::{every}, ::{every}]" if every > 1 else ""
    axis = "[..., None]" if values.ndim == 3 else ""
    return f"    {'image' if plan.reference == 'multimodal' else 'x'} = {access(name)}{fewer}{axis}"


def table_lines(plan: Plan) -> list[str]:
    numbers, categories = plan.of(NUMBERS), plan.of(CATEGORY)
    if len(plan.inputs) == 1 and numbers and plan.source.train[numbers[0]].ndim == 2:
        return [f"    x = {access(numbers[0])}.astype(np.float32)"]
    lines = []
    column = "columns[name].reshape(len(columns[name]), -1)"
    if numbers:
        named = f"for name in {tuple_text(numbers)}"
        if len(numbers) > MOST_NAMED:
            others = [name for name in plan.source.train if name not in numbers]
            named = f"for name in columns if name not in {tuple_text(others)}"
        lines += wrapped(f"    numbers = [{column} {named}]")
    if categories:
        known = ", ".join(f"{quoted(name)}: {tuple_text(plan.kinds[name].kinds)}" for name in categories)
        lines += wrapped(f"    categories = {{{known}}}")
        lines.append("    kinds = [columns[name].astype(str)[:, None] == known for name, known in categories.items()]")
    every = ", ".join((["*numbers"] if numbers else []) + (["*kinds"] if categories else []))
    return [*lines, f"    x = np.hstack([{every}]).astype(np.float32)"]


def sequence_lines(plan: Plan, name: str, word: str) -> list[str]:
    values, ids = plan.source.train[name], plan.kind(name) == IDS
    kind, empty = ("np.int32", "0") if ids else ("np.float32", "np.nan")
    axis = "[..., None]" if not ids and values.ndim == 2 else ""
    if plan.lengths in ("", "ids", "nan"):
        lines = [f"    {word} = {access(name)}.astype({kind}){axis}"]
        if plan.lengths == "nan":
            lines.append("    lengths = np.isfinite(x).any(axis=2).sum(axis=1).astype(np.int32)")
        return lines
    lengths = f"    lengths = {access(plan.lengths)}.astype(np.int32)"
    rows = len(plan.source.train[plan.lengths])
    if len(values) == rows:
        return [
            lengths,
            f"    x = {access(name)}.astype({kind}){axis}",
            f"    x[np.arange(x.shape[1]) >= lengths[:, None]] = {empty}  # padding, whatever stood there",
        ]
    shape = f"(len(lengths), {plan.steps})" if ids else f"(len(lengths), {plan.steps}, {plan.options['features']})"
    flat = "" if ids else ".reshape(-1, x.shape[-1])"
    return [
        lengths,
        f"    x = np.full({shape}, {empty}, {kind})",
        f"    x[np.arange(x.shape[1]) < lengths[:, None]] = {access(name)}{flat}",
    ]


def access(name: str) -> str:
    return f"columns[{quoted(name)}]"


def quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def tuple_text(names) -> str:
    return "(" + ", ".join(map(quoted, names)) + ("," if len(names) == 1 else "") + ")"


def wrapped(line: str, width: int = 118) -> list[str]:
    """A line broken at its commas."""
    lines = []
    while len(line) > width:
        cut = line.rfind(", ", 0, width) + 1
        if cut <= 8:
            break
        lines.append(line[:cut])
        line = "        " + line[cut + 1 :]
    return [*lines, line]
