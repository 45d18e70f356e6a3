"""The LSTM: sequences of numbers, or of ids with an embedding, in."""

from refkit.implementation import Input
from refkit.subjects.chains import chain, joined
from refkit.subjects.recurrences import read_all
from refkit.subjects.subject import Options, Shown, Subject

TIME = 5  # steps of the probe: enough for every gate to count, no size of anything else
VOCABULARY = 24


def inputs(config) -> list[tuple[Input, ...]]:
    sequence = Input("x", "sequence", (TIME, config.features))
    tokens = Input("x", "tokens", (TIME,), "int32", VOCABULARY)
    lengths = Input("lengths", "lengths", (), "int32", TIME)
    return [(sequence,), (tokens,), (sequence, lengths), (tokens, lengths)]


def fit(shown: Shown) -> list[Options]:
    leaves, options = shown.leaves, {"output-size": str(shown.width)}
    record = shown.inputs[0]
    if record.kind == "tokens":
        embedding = next((leaf for leaf in leaves if len(leaf.shape) == 2 and leaf.kind == "parameters"), None)
        if embedding is None:
            return [options]
        rows, features = embedding.shape
        options |= {"embedding": f"{rows}x{features}"}
        leaves = tuple(leaf for leaf in leaves if leaf is not embedding)
    else:
        features = record.shape[-1]
        options |= {"features": str(features)}
    if len(shown.outputs) > 1:
        options |= {"outputs": "all"}
    if len(shown.inputs) > 1:
        options |= {"lengths": "true"}
    found = []
    for cells, layers, both in read_all(leaves, features):
        rest = [leaf.shape for k, leaf in enumerate(leaves) if k not in cells.used and shown.weighs(leaf)]
        widths = chain(rest, cells.hidden * (2 if both else 1))
        if widths is None and not both:  # both directions may be one cell
            widths = chain(rest, 2 * cells.hidden)
            both = widths is not None
        if widths is None:
            continue
        sized = options | {"hidden": str(cells.hidden), "dense": joined(widths[:-1])}
        if layers > 1:
            sized |= {"layers": str(layers)}
        if both:
            sized |= {"bidirectional": "true"}
        found.append(sized)
    if shown.padded and len(shown.inputs) == 1:  # the ids themselves say where a sequence ends
        ended = [{**each, "lengths": "ids"} for each in found]
        found = ended if shown.masked else [*ended, *found]
    return found or [options]


LSTM = Subject("lstm", "LSTM", inputs, "outputs", fit, regression=True, twice=("dense",))
