"""How the picture is made smaller after a convolution."""

import dataclasses
import re
from collections.abc import Mapping

from refkit.edits.choice import Choice
from refkit.edits.choices.stages import SetStage, UnrollStages, count_convolutions
from refkit.edits.edit import Edit, EditError, Rewrite, SetField
from refkit.edits.values import one_of, whole_numbers
from refkit.errors import RefkitError

REFERENCES = ("lenet", "multimodal")
POOLS = ("avg", "max", "strided", "max-avg", "avg-max")
POOL_LINE = r"^ +x = pool\(x, .*\n"


@dataclasses.dataclass(frozen=True)
class StrideForPool:
    """Convolutions that move by 2 take the place of convolution and pooling."""

    def apply(self, source: str) -> str:
        source = Rewrite(POOL_LINE, "", each=True).apply(source)
        source = source.replace(
            "activation, pool = self.config.activation, self.config.pool", "activation = self.config.activation"
        )
        for k in range(1, count_convolutions(source) + 1):
            source = Rewrite(rf"(self\.conv{k} = nnx\.Conv\([^=]*?)padding=", r"\1strides=2, padding=").apply(source)
            source = SetStage(f"conv{k}", stride="2").apply(source)
            source = SetStage(f"pool{k}").apply(source)
        return source


@dataclasses.dataclass(frozen=True)
class PoolEach:
    """One kind of pooling after the first convolution, and another after the second."""

    kinds: tuple[str, str]

    def apply(self, source: str) -> str:
        lines = list(re.finditer(POOL_LINE, source, flags=re.MULTILINE))
        if len(lines) != len(self.kinds):
            raise EditError(f"there are {len(lines)} poolings, wanted {len(self.kinds)}")
        for line, kind in reversed(list(zip(lines, self.kinds))):
            source = source[: line.start()] + line[0].replace("= pool(", f"= nnx.{kind}_pool(") + source[line.end() :]
        return source.replace(
            "activation, pool = self.config.activation, self.config.pool", "activation = self.config.activation"
        )


@dataclasses.dataclass(frozen=True)
class PoolAfter:
    """Keep the poolings after the convolutions of these numbers alone."""

    kept: tuple[int, ...]

    def apply(self, source: str) -> str:
        convolutions = count_convolutions(source)
        if any(k > convolutions for k in self.kept):
            raise EditError(f"there are {convolutions} convolutions, pooling wanted after {max(self.kept)}")
        lines = list(re.finditer(POOL_LINE, source, flags=re.MULTILINE))
        for k, line in reversed(list(enumerate(lines, start=1))):
            if k not in self.kept:
                source = source[: line.start()] + source[line.end() :]
        for k in range(1, convolutions + 1):
            if k not in self.kept:
                source = SetStage(f"pool{k}").apply(source)
        return source


@dataclasses.dataclass(frozen=True)
class PoolWindow:
    """Another window, stride or padding for every pooling."""

    window: int
    stride: int
    padding: str

    def apply(self, source: str) -> str:
        how = f"({self.window}, {self.window}), strides=({self.stride}, {self.stride})"
        if self.padding == "SAME":
            how += ', padding="SAME"'
            # A padded average is over the cells of the picture alone.
            uncounted = "lambda x, window, **how: nnx.avg_pool(x, window, count_include_pad=False, **how)"
            source = source.replace("pool: Callable = nnx.avg_pool\n", f"pool: Callable = {uncounted}\n")
        source = Rewrite(r"pool\(x, \(2, 2\), strides=\(2, 2\)", f"pool(x, {how}", each=True).apply(source)
        size = f'window={self.window}, stride={self.stride}, padding="{self.padding}")  # pool'
        return Rewrite(r'window=2, stride=2, padding="VALID"\)  # pool', size, each=True).apply(
            UnrollStages().apply(source)
        )


def pool_edit(reference: str, value: str) -> Edit | None:
    one_of("pool", value, POOLS)
    changes = {"max": SetField("pool", "nnx.max_pool"), "strided": StrideForPool()}
    change = changes.get(value) or PoolEach(tuple(value.split("-")))
    return None if value == "avg" else Edit(reference, (change,), where=f"pool {value}")


def pool_after_edit(reference: str, value: str) -> Edit | None:
    if value == "all":
        return None
    kept = whole_numbers("pool-after", value, most=6, least=0)
    return Edit(reference, (PoolAfter(kept),), where=f"pool-after {value}")


def is_doubtful(value: str, others: Mapping[str, str]) -> bool:
    """No pooling behind the last of two convolutions, or fewer poolings in a network with LeNet's two windows.

    Of more convolutions the last is often not pooled, as in TensorFlow's tutorial on convolutional networks.
    """
    if value == "all":
        return False
    kept = whole_numbers("pool-after", value, most=6, least=0)
    convolutions = len(others["channels"].split("-")) if "channels" in others else 2
    if convolutions > 2 and kept == tuple(range(1, convolutions)):
        return False
    return convolutions not in kept or convolutions < 3 and "kernel" not in others


def pool_window_edit(reference: str, value: str) -> Edit | None:
    found = re.fullmatch(r"([1-9])(?:x([1-9]))?(-same)?", value)
    if not found:
        raise RefkitError(
            f"option `pool-window` was given `{value}`: give the window, then its stride if it is another, "
            "then `-same` if it is padded, as in `3x2-same`"
        )
    window, stride = int(found[1]), int(found[2] or found[1])
    if value == "2":
        return None
    return Edit(reference, (PoolWindow(window, stride, "SAME" if found[3] else "VALID"),), where=f"pool-window {value}")


POOL = tuple(
    choice
    for reference in REFERENCES
    for choice in (
        Choice(
            "pool-after",
            reference,
            ("all", "1", "2", "3", "2-4", "1-2", "none"),
            lambda value, reference=reference: pool_after_edit(reference, value),
            "numbers of the convolutions that a pooling follows",
            doubtful=is_doubtful,
        ),
        Choice(
            "pool",
            reference,
            POOLS,
            lambda value, reference=reference: pool_edit(reference, value),
            "average or max pooling, or convolutions of stride 2 without pooling",
        ),
        Choice(
            "pool-window",
            reference,
            ("2", "2-same", "3", "3x2", "3x2-same"),
            lambda value, reference=reference: pool_window_edit(reference, value),
            "window of the pooling; its stride is the same unless given after an `x`",
        ),
    )
)
