"""What a reference does in one call, done in the other ways in which it is written, so that their steps are known values.

A reference computes its cross-entropy in one call. Yours may take a softmax, its logarithm, a product with one-hot labels
and two sums, each on a line of its own: only what knows these values can tell which of the lines departs. Likewise for a
convolution that is written as patches and a product.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program
from refkit.tracing.sites import Sites
from refkit.tracing.trace import Trace

EPSILON = 1e-24  # keeps the derivative of a root finite, and is nothing beside its argument


def of_logits(logits, labels):
    """Cross-entropy of logits `f32[…, classes]` and class ids `i32[…]`."""
    exponentials = jnp.exp(logits)
    scaled = exponentials / exponentials.sum(-1, keepdims=True)
    yield from (exponentials, scaled, jnp.log(exponentials.sum(-1)))
    yield jax.nn.log_softmax(logits)
    yield from of_probabilities(jax.nn.softmax(logits), labels)


def of_probabilities(probabilities, labels):
    """Log loss of probabilities `f32[…, classes]`."""
    yield probabilities * jax.nn.one_hot(labels, probabilities.shape[-1])
    yield jnp.take_along_axis(probabilities, labels[..., None], axis=-1)[..., 0]
    yield from of_log_probabilities(jnp.log(probabilities), labels)


def of_log_probabilities(log_probabilities, labels):
    """Negative log-likelihood of log-probabilities `f32[…, classes]`."""
    products = log_probabilities * jax.nn.one_hot(labels, log_probabilities.shape[-1])
    yield from (log_probabilities, -log_probabilities, products, -products)
    yield from reduced(products.sum(-1))
    yield from reduced(-products.sum(-1))


def of_one_logit(logits, labels):
    """Binary cross-entropy of one logit `f32[…, 1]`."""
    z = logits[..., 0]
    y = labels.astype(z.dtype)
    yield from (
        -z,
        z * y,
        -z * y,
        (1 - y) * z,
        z - z * y,
        jnp.abs(z),
        -jnp.abs(z),
        jnp.maximum(z, 0),
        jnp.maximum(-z, 0),
    )
    yield from (
        jnp.exp(-z),
        jnp.exp(z),
        jnp.exp(-jnp.abs(z)),
        jnp.log1p(jnp.exp(-jnp.abs(z))),
        jnp.maximum(z, 0) - z * y,
    )
    yield from (jax.nn.softplus(z), jax.nn.softplus(-z), (2 * y - 1) * z, -(2 * y - 1) * z)
    yield from of_one_probability(jax.nn.sigmoid(logits), labels)


def of_one_probability(probabilities, labels):
    """Binary log loss of one probability `f32[…, 1]`."""
    p = probabilities[..., 0]
    y = labels.astype(p.dtype)
    yes, no = y * jnp.log(p), (1 - y) * jnp.log(1 - p)
    yield from (p, 1 - p, jnp.log(p), jnp.log(1 - p), -jnp.log(p), -jnp.log(1 - p), yes, no, -yes, -no)
    yield jnp.where(y == 1, p, 1 - p)
    yield from reduced(yes + no)
    yield from reduced(-(yes + no))


def of_predictions(predictions, targets):
    """Errors of predictions and targets, both `f32[batch, outputs]`."""
    error = predictions - targets
    yield from (error, -error, jnp.abs(error), error**2, error**2 / 2)
    for each in (error**2, error**2 / 2, jnp.abs(error)):
        yield from reduced(each)
        yield from reduced(each.mean(-1))
        yield from reduced(each.sum(-1))
    yield jnp.sqrt((error**2).sum(-1) + EPSILON)


def of_classes_as_targets(outputs, labels):
    """Errors of outputs and one-hot labels."""
    yield from of_predictions(outputs, jax.nn.one_hot(labels, outputs.shape[-1]))


def reduced(losses):
    """One loss an example, and what its mean passes through."""
    yield losses
    yield losses.sum()
    yield losses.mean()


# By the option `loss`, then by what the model gives.
WAYS: dict[tuple[str, str], Callable] = {
    ("cross-entropy", "logits"): of_logits,
    ("cross-entropy", "softmax"): of_probabilities,
    ("cross-entropy", "log-softmax"): of_log_probabilities,
    ("sigmoid", "logits"): of_one_logit,
    ("sigmoid", "sigmoid"): of_one_probability,
    ("one-hot-mse", "logits"): of_classes_as_targets,
    ("brier", "logits"): of_classes_as_targets,
    **{(kind, "logits"): of_predictions for kind in ("mse", "half-mse", "rmse", "mae")},
    **{(kind, "logits"): of_predictions for kind in ("squared-distance", "half-squared-distance")},
}


def restate(trace: Trace, output: np.ndarray, loss: str | None, given: str | None) -> None:
    """Add the steps of every other way to compute the loss to its trace, as further outputs of the program.

    Args:
        trace: the reference's loss; its last argument is the labels.
        output: what its model gives.
        loss: `cross-entropy`, `mse` and so on; for any other there is nothing to add.
        given: `logits`, `softmax` and so on.
    """
    way = WAYS.get((loss, given))
    labels = trace.arguments[-1]
    place = last_place(trace, output)
    if way is None or place is None:
        return
    dtype = "int32" if trace.values[labels].dtype.kind in "iu" else "float32"
    try:
        program = program_of(way, output.shape, trace.values[labels].shape, dtype)
    except (TypeError, ValueError):  # labels of another shape than the loss is for
        return
    site = next((trace.sites[node] for node in trace.consumers()[place] if trace.sites[node] is not None), None)
    steps = evaluate(program, [output, trace.values[labels]])
    new = {steps.arguments[0]: place, steps.arguments[1]: labels}
    for node in range(len(steps)):
        if node not in new:
            parents = tuple(new[parent] for parent in steps.parents[node])
            new[node] = trace.add(
                steps.values[node],
                steps.ops[node],
                site,
                (),
                parents,
                steps.data[node],
                steps.narrow[node],
                steps.dtypes[node],
            )
    added = [new[node] for node in range(len(steps)) if steps.data[node]]
    trace.outputs = [*trace.outputs, *(node for node in added if node not in (place, labels))]


def restate_convolutions(trace: Trace) -> None:
    """Add the padded picture and its patches to every convolution of stride 1 in a trace.

    The patches are `f32[batch, height, width, channels, window, window]`.
    """
    added = []
    for node in [k for k, op in enumerate(trace.ops) if op == "conv_general_dilated"]:
        picture, kernel = (trace.values[parent] for parent in trace.parents[node][:2])
        window, sides = kernel.shape[:2], trace.values[node].shape[1:3]
        lost = [before - after for before, after in zip(picture.shape[1:3], sides)]
        around = [size - 1 - less for size, less in zip(window, lost)]
        if (
            picture.ndim != 4
            or kernel.shape[2] != picture.shape[3]
            or any(not 0 <= n < size for n, size in zip(around, window))
        ):
            continue
        widths = [(0, 0), *((n // 2, n - n // 2) for n in around), (0, 0)]
        padded = np.pad(picture, widths)
        patches = np.lib.stride_tricks.sliding_window_view(padded, window, axis=(1, 2))
        about = trace.sites[node], trace.times[node]
        rest = trace.data[node], trace.narrow[node], trace.dtypes[node]
        place = trace.add(padded, "pad", *about, trace.parents[node][:1], *rest)
        added += [place, trace.add(np.ascontiguousarray(patches), "gather", *about, (place,), *rest)]
    trace.outputs = [*trace.outputs, *added]


def last_place(trace: Trace, value: np.ndarray) -> int | None:
    for node in range(len(trace) - 1, -1, -1):
        other = trace.values[node]
        if other.shape == value.shape and other.dtype == value.dtype and np.array_equal(other, value):
            return node
    return None


@functools.lru_cache(maxsize=64)
def program_of(way: Callable, outputs: tuple[int, ...], labels: tuple[int, ...], dtype: str) -> Program:
    shapes = [jax.ShapeDtypeStruct(outputs, np.float32), jax.ShapeDtypeStruct(labels, np.dtype(dtype))]
    roles = [("input", "outputs"), ("label", "labels")]
    return trace_program(lambda *given: list(way(*given)), shapes, roles, Sites(()))
