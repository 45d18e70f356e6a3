"""Runs edited references on small batches, in float32 and without compiling anything."""

import functools
import inspect
import zlib
from typing import Any

import jax
import numpy as np

from refkit.diagnosis.data.naming import symptoms_of
from refkit.edits.catalogue import edited_source
from refkit.edits.edit import Edit
from refkit.subjects.reference import Reference, build
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program

BATCH, TIME = 7, 6
MODELS = {"mlp": "MLP", "lenet": "LeNet", "lstm": "LSTM", "multimodal": "Multimodal"}
PROBES = ("ordinary", "constant", "large", "negative", "exact")
# The last layer's kernel at these probes: logits of several hundred, of either sign.
LARGE = {"large": 1000.0, "negative": -1000.0}
# What the inputs are multiplied by there, so that an exponential overflows in hidden layers too.
HOT = {"large": np.float32(1000)}


def drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(f"{name}{shape}".encode())).normal(size=shape).astype(np.float32)


def shapes_of(values: list[np.ndarray]) -> list[jax.ShapeDtypeStruct]:
    return [jax.ShapeDtypeStruct(value.shape, value.dtype) for value in values]


def run(program: Program, arguments: list[np.ndarray]) -> list[np.ndarray]:
    """The program's results, in its own dtypes and uncompiled."""
    trace = evaluate(program, arguments, wide=False)
    return [np.asarray(trace.values[node]) for node in trace.outputs]


class Subject:
    """One edited reference with values to run it on; the same values for the same names in every other one."""

    def __init__(self, reference: str, options: dict[str, str], edits: tuple[Edit, ...] = ()):
        self.source = edited_source(reference, options, edits)
        self.reference: Reference = build(reference, MODELS[reference], self.source)
        self.results: dict[tuple[str, str], Any] = {}

    def leaves(self, probe: str) -> list[np.ndarray]:
        found = []
        for path, shape, kind in zip(self.reference.paths, self.reference.shapes, self.reference.kinds, strict=True):
            value = drawn(path, shape)
            fan = np.prod(shape[:-1]) if len(shape) > 1 else 4
            value = np.abs(value) + 0.5 if kind == "statistics" and path.endswith("var") else value / np.sqrt(fan)
            last = path in ("outputs.kernel", "logits.kernel")
            found.append((value * LARGE.get(probe, 1.0) if last else value).astype(np.float32))
        return found

    def inputs(self, probe: str) -> list[np.ndarray]:
        config, found = self.reference.config, []
        for name in list(inspect.signature(getattr(self.reference.module, self.reference.model).__call__).parameters)[
            1:
        ]:
            if name == "lengths":
                found.append((1 + np.arange(BATCH) * 2 % TIME).astype(np.int32))
            elif name == "words" or (name == "x" and "self.embedding = nnx.Embed(" in self.source):
                ids = np.random.default_rng(3).integers(0, config.vocabulary, size=(BATCH, TIME))
                ids[0, 0] = config.vocabulary - 1
                found.append(ids.astype(np.int32))
            else:
                shape = getattr(config, "image", None) or (config.features,)
                shape = (TIME, *shape) if self.reference.name == "lstm" else shape
                value = drawn(name, (BATCH, *shape))
                if hasattr(config, "image"):  # pictures of different brightness, or their logits are nearly the same
                    value = np.linspace(0.2, 1, BATCH, dtype=np.float32)[:, None, None, None] / (1 + np.exp(-value))
                found.append(np.full_like(value, 0.5) if probe == "constant" else value * HOT.get(probe, np.float32(1)))
        return found

    def labels(self, probe: str, output: np.ndarray) -> np.ndarray:
        if "targets" in inspect.signature(self.reference.module.loss_fn).parameters:
            return output if probe == "exact" else drawn("targets", output.shape)
        classes = max(output.shape[-1], 2)
        return (np.arange(int(np.prod(output.shape[:-1]))).reshape(output.shape[:-1]) % classes).astype(np.int32)

    def kept(self, what: str, probe: str, compute):
        """A result, computed once."""
        if (what, probe) not in self.results:
            self.results[what, probe] = compute()
        return self.results[what, probe]

    def forward(self, probe: str = "ordinary") -> np.ndarray:
        inputs = self.inputs(probe)
        trace = lambda: self.reference.trace_forward(shapes_of(inputs), [""] * len(inputs))
        return self.kept("forward", probe, lambda: run(trace(), [*self.leaves(probe), *inputs])[0])

    def loss(self, probe: str = "ordinary", labels_of: "Subject | None" = None) -> np.ndarray:
        inputs, labels = self.inputs(probe), self.labels(probe, (labels_of or self).forward(probe))
        trace = lambda: self.reference.trace_loss(shapes_of(inputs), [""] * len(inputs), *shapes_of([labels]))
        return self.kept("loss", probe, lambda: run(trace(), [*self.leaves(probe), *inputs, labels])[0])

    def gradients(self, probe: str = "ordinary", labels_of: "Subject | None" = None) -> dict[str, np.ndarray]:
        inputs, labels = self.inputs(probe), self.labels(probe, (labels_of or self).forward(probe))
        arguments, count = [*self.leaves(probe), *inputs, labels], len(self.reference.paths)
        roles = [("parameters", "")] * count + [("input", "")] * (len(inputs) + 1)

        def gradients(*flat):
            return jax.grad(self.reference.loss)(list(flat[:count]), flat[count:-1], flat[-1])

        trace = lambda: trace_program(gradients, shapes_of(arguments), roles, self.reference.sites)
        found = self.kept("gradients", probe, lambda: run(trace(), arguments))
        return dict(zip(self.reference.paths, found, strict=True))

    def init(self) -> dict[str, np.ndarray]:
        trace = lambda: trace_program(lambda: self.reference.init(jax.random.key(1)), [], [], self.reference.sites)
        return dict(zip(self.reference.paths, self.kept("init", "", lambda: run(trace(), [])), strict=True))

    def shapes(self) -> list[tuple[int, ...]]:
        return sorted(self.reference.shapes)


@functools.lru_cache(maxsize=32)
def unedited(reference: str, options: tuple[tuple[str, str], ...]) -> Subject:
    return Subject(reference, dict(options))


def differ(one, other, least: float = 1e-12) -> bool:
    """Whether two arrays are further apart than float32 is from itself, in shape, in NaN or in value."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.shape != other.shape or (np.isfinite(one) != np.isfinite(other)).any():
        return True
    finite = np.isfinite(one)
    scale = np.abs(one[finite]).max(initial=least)
    return bool(np.abs(one[finite] - other[finite]).max(initial=0) > 3e-5 * scale)


def departs(rung: str, yours: Subject, reference: Subject) -> bool:
    """Whether a rung tells the two apart."""
    if rung == "runs":
        try:
            return yours.forward().shape != reference.forward().shape
        except (TypeError, ValueError):
            return True
    if rung == "structure":
        return yours.shapes() != reference.shapes()
    if rung == "initialization":
        return initialised_otherwise(yours.init(), reference.init())
    if rung == "forward":
        return any(differ(reference.forward(probe), yours.forward(probe)) for probe in PROBES[:4])
    if rung == "loss":
        return any(differ(reference.loss(probe), yours.loss(probe, reference), 0.01) for probe in PROBES)
    return any(
        differ(reference.gradients(probe)[path], gradient)
        for probe in PROBES
        for path, gradient in yours.gradients(probe, reference).items()
    )


def initialised_otherwise(yours: dict[str, np.ndarray], reference: dict[str, np.ndarray]) -> bool:
    """Whether a kernel's spread is another, or two kernels that should be independent begin with the same numbers."""
    kernels = [path for path in reference if path.endswith("kernel")]
    for path in kernels:
        if not 0.75 < yours[path].std() / reference[path].std() < 1.33:
            return True
    begin = [yours[path].ravel()[:8] for path in kernels if yours[path].size >= 8]
    return any(np.corrcoef(one, other)[0, 1] > 0.999 for k, one in enumerate(begin) for other in begin[:k])


def shows_in_data(edit: Edit) -> bool:
    """Whether the part that the edit changes shows something that it does not show unedited."""
    return bool(symptoms_of(edit))
