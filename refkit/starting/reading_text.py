"""The text that makes training and test examples of columns, in the written file."""

from refkit.starting.kinds import CATEGORY, IDS, NUMBERS, PICTURE, SEQUENCE, TEXT
from refkit.starting.plan import Plan
from refkit.starting.simplify import SMALL_SIDE, simplify_lines
from refkit.starting.source import quoted, tuple_text
from refkit.starting.text import array_words, call_all

MOST_NAMED = 40  # columns that are listed by name
OWN_SPLIT = ("mlp", "lenet")  # references with a `split` of one input and what is told of it
WORDS = """    texts = [re.findall(r"[\\w']+", str(text).lower())[:STEPS] for text in COLUMN]
    known = {word: 2 + place for place, word in enumerate(sorted({word for row in train for word in texts[row]}))}
    NAME = np.int32([PADDED for text in texts])
"""
IDS_OF = "[known.get(word, 1) for word in text]"
ZEROS = "[0] * (STEPS - len(text))"


def load_data(plan: Plan, simplify: str | None) -> str:
    """The function that reads the data and cuts it in two."""
    words = array_words(plan)
    count, column = f"len({words[-1]})", quoted(plan.target.name)
    read = [f"    {line}".replace('"TARGET"', column) for line in plan.source.read]
    lines = [
        "def load_data(path: str) -> list[tuple[np.ndarray, ...]]:",
        f'    """Training and test examples: {said(plan)}."""',
        *(part for line in read for part in broken(line)),
        *joined(plan, [*input_lines(plan, simplify), f"    {words[-1]} = {target_text(plan)}"]),
    ]
    if plan.source.split:
        shuffled = f"np.random.default_rng(0).permutation({plan.source.first})"
        given = f"{shuffled}, np.arange({plan.source.first}, {count})"
        cut = f"np.split(np.arange({count}), [{plan.source.first}])"
        lines.append(f"    train, test = {given if simplify else cut}")
    elif simplify or plan.reference not in OWN_SPLIT:
        lines.append(f"    test, train = np.split(np.random.default_rng(0).permutation({count}), [{count} // 5])")
    else:
        return "\n".join([*lines, f"    return split({', '.join(words)})"]) + "\n"
    lines += [f"    {line}" for line in (simplify_lines(plan) if simplify else ())]
    lines += [line for name in plan.of(TEXT) for line in text_lines(plan, name)]
    lines.append(f"    return [({', '.join(f'{word}[rows]' for word in words)}) for rows in (train, test)]")
    return "\n".join(lines) + "\n"


def joined(plan: Plan, lines: list[str]) -> list[str]:
    """Two lines as one, where the reference leaves few."""
    if plan.reference != "multimodal" or len(lines) != 2 or "#" in lines[1]:
        return lines
    (first, one), (second, other) = (line.strip().split(" = ", 1) for line in lines)
    line = f"    {first}, {second} = {one}, {other}"
    return [line] if len(line) <= 118 else lines


def broken(line: str) -> list[str]:
    """A line that may hold a long tuple, on several lines."""
    before, opening, rest = line.partition("for name in (")
    if len(line) <= 118 or not opening:
        return [line]
    listed, _, after = rest.rpartition(")")
    return wrapped(before + opening[:-1], f"({listed})", after)


def said(plan: Plan) -> str:
    """What `load_data` gives, one clause."""
    inputs = {
        "mlp": "numbers `f32[examples, features]`",
        "lenet": "pictures",
        "lstm": "sequences",
        "multimodal": "pictures, word ids `i32[examples, time]`",
    }[plan.reference]
    ends = ", their lengths" if plan.lengths not in ("", "ids") else ""
    return f"{inputs}{ends}, and {call_all(plan)}"


def target_text(plan: Plan) -> str:
    target = plan.target
    column, values = access(target.name), plan.source.train[target.name]
    if target.regression:
        return f"{column}.astype(np.float32).reshape(-1, {target.outputs})"
    if target.one_hot:
        return f"{column}.argmax(axis=1).astype(np.int32)"
    if values.ndim > 1:
        column += "[:, 0]"
    if target.plain:
        return f"{column}.astype(np.int32)"
    words = ".astype(str)" if values.dtype.kind in "OU" else ""
    return f"np.unique({column}{words}, return_inverse=True)[1].astype(np.int32)"


def input_lines(plan: Plan, simplify: str | None) -> list[str]:
    if plan.reference == "mlp":
        return table_lines(plan)
    lines = [picture_line(plan, name, simplify) for name in plan.of(PICTURE)]
    return lines + [line for name in plan.of(IDS, SEQUENCE) for line in sequence_lines(plan, name)]


def picture_line(plan: Plan, name: str, simplify: str | None) -> str:
    values = plan.source.train[name]
    every = -(-max(values.shape[1:3]) // SMALL_SIDE) if simplify else 1
    fewer = f"[:, ::{every}, ::{every}]" if every > 1 else ""
    axis = "[..., None]" if values.ndim == 3 else ""
    return f"    {array_words(plan)[0]} = {access(name)}{fewer}{axis}"


def table_lines(plan: Plan) -> list[str]:
    numbers, categories = plan.of(NUMBERS), plan.of(CATEGORY)
    if len(plan.inputs) == 1 and numbers and plan.source.train[numbers[0]].ndim == 2:
        return [f"    x = {access(numbers[0])}.astype(np.float32)"]
    lines = []
    if numbers:
        listed, which = numbers, "in"
        if len(numbers) > MOST_NAMED:
            listed, which = [name for name in plan.source.train if name not in numbers], "not in"
        column = "columns[name].reshape(len(columns[name]), -1)"
        lines += wrapped(f"    names = [name for name in columns if name {which} ", tuple_text(listed), "]")
        lines.append(f"    numbers = [{column} for name in names]")
    if categories:
        known = [f"{quoted(name)}: {tuple_text(plan.kinds[name].kinds)}" for name in categories]
        lines += wrapped("    categories = ", "{" + ", ".join(known) + "}", "")
        lines.append("    kinds = [columns[name].astype(str)[:, None] == known for name, known in categories.items()]")
    every = ", ".join((["*numbers"] if numbers else []) + (["*kinds"] if categories else []))
    return [*lines, f"    x = np.hstack([{every}]).astype(np.float32)"]


def sequence_lines(plan: Plan, name: str) -> list[str]:
    word = array_words(plan)[1 if plan.reference == "multimodal" else 0]
    values, ids = plan.source.train[name], plan.kind(name) == IDS
    kind, empty = ("np.int32", "0") if ids else ("np.float32", "np.nan")
    if plan.flat(name):
        sizes = f"{plan.steps}" if ids else f"{plan.steps}, {plan.options['features']}"
        flat = "" if ids else ".reshape(-1, x.shape[-1])"
        return [
            f"    lengths = {access(plan.lengths)}.astype(np.int32)",
            f"    x = np.full((len(lengths), {sizes}), {empty}, {kind})",
            f"    x[np.arange(x.shape[1]) < lengths[:, None]] = {access(name)}{flat}",
        ]
    axis = "[..., None]" if not ids and values.ndim == 2 else ""
    lines = [f"    {word} = {access(name)}.astype({kind}){axis}"]
    if plan.lengths == "nan":
        lines.append("    lengths = np.isfinite(x).any(axis=2).sum(axis=1).astype(np.int32)")
    elif plan.lengths not in ("", "ids"):
        lines.append(f"    lengths = {access(plan.lengths)}.astype(np.int32)")
        lines.append(f"    x[np.arange(x.shape[1]) >= lengths[:, None]] = {empty}  # padding, whatever stood there")
    return lines


def text_lines(plan: Plan, name: str) -> list[str]:
    """Ids of a text's words: 0 for padding, 1 for a word that no training text has."""
    front = plan.reference == "multimodal"  # its last step counts, so padding comes first
    padded = f"{ZEROS} + {IDS_OF}" if front else f"{IDS_OF} + {ZEROS}"
    word = array_words(plan)[1 if front else 0]
    text = WORDS.replace("PADDED", padded).replace("STEPS", str(plan.steps))
    return text.replace("COLUMN", access(name)).replace("NAME", word).splitlines()


def access(name: str) -> str:
    return f"columns[{quoted(name)}]"


def wrapped(before: str, listed: str, after: str, width: int = 118) -> list[str]:
    """One line, or a bracketed list broken at its commas."""
    if len(before + listed + after) <= width:
        return [before + listed + after]
    lines, rest = [before + listed[0]], listed[1:-1]
    while len(rest) > width - 8:
        cut = rest.rfind(", ", 0, width - 8) + 1 or len(rest)
        lines.append(f"        {rest[:cut].strip()}")
        rest = rest[cut:].strip()
    return [*lines, f"        {rest}", f"    {listed[-1]}{after}"]
