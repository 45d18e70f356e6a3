"""Multimodal: a picture and words in."""

from refkit.implementation import Input
from refkit.subjects.chains import backwards, joined
from refkit.subjects.convolutions import any_padding, dense_kernels, paddings, read
from refkit.subjects.lenet import convolution_options
from refkit.subjects.lstm import TIME
from refkit.subjects.recurrences import read_all
from refkit.subjects.subject import Options, Shown, Subject


def inputs(config) -> list[tuple[Input, ...]]:
    image = Input("image", "image", tuple(config.image))
    return [(image, Input("words", "tokens", (TIME,), "int32", config.vocabulary))]


def fit(shown: Shown) -> list[Options]:
    image = next(record.shape for record in shown.inputs if record.kind == "image")
    base = {"image": "x".join(map(str, image)), "classes": str(shown.width)}
    words = next((record for record in shown.inputs if record.kind == "tokens"), None)
    found = []
    for embedding in embeddings(shown, words.high if words else None):
        leaves = tuple(leaf for leaf in shown.leaves if leaf is not embedding)
        sized = base | {"vocabulary": str(embedding.shape[0]), "embedding": str(embedding.shape[1])}
        for cells, layers, both in read_all(leaves, embedding.shape[1]):
            kernels = [leaf.shape for k, leaf in enumerate(leaves) if k not in cells.used and shown.weighs(leaf)]
            options = sized | {"hidden": str(cells.hidden)}
            if layers > 1:
                options |= {"layers": str(layers)}
            if both:
                options |= {"bidirectional": "true"}
            alone = pictures(options, kernels, image, shown.width, cells.hidden * (2 if both else 1))
            if any("padding" in each for each in alone):
                found += alone
                continue
            shared = [] if both else pictures(options, kernels, image, shown.width, 2 * cells.hidden)
            found += [each | {"bidirectional": "true"} for each in shared if "padding" in each]  # both may be one cell
            found += anyhow(alone)
    return found or [base]


def embeddings(shown: Shown, high: int | None):
    """Tables that the words may be looked up in: as many rows as there are ids, else any matrix, in order of use."""
    matrices = [leaf for leaf in shown.leaves if len(leaf.shape) == 2 and leaf.kind == "parameters"]
    return sorted(matrices, key=lambda leaf: (leaf.shape[0] != high, leaf.use))[:2]


def pictures(options: Options, kernels, image, classes: int, hidden: int) -> list[Options]:
    found = []
    for convolutions in read(kernels, image[-1]):
        widths = backwards(dense_kernels(kernels, convolutions), classes)
        if not widths:
            continue
        sized = options | convolution_options(convolutions) | {"dense": joined(widths[1:])}
        words = paddings(convolutions, image, widths[0] - hidden)
        found += [sized | {"padding": word} for word in words] or [sized]
    return found


def anyhow(found: list[Options]) -> list[Options]:
    """With every padding, for the values to decide between."""
    return [
        options | {"padding": word} for options in found for word in any_padding(len(options["channels"].split("-")))
    ]


MULTIMODAL = Subject("multimodal", "Multimodal", inputs, "classes", fit, twice=("dense", "channels"))
