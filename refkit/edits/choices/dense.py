"""How many dense layers there are before the last, and their widths."""

import dataclasses
import re

from refkit.edits.choice import Choice
from refkit.edits.edit import AddField, Edit, Insert, Remove, Replace, SetField
from refkit.edits.values import whole_numbers

MOST = 5


def hidden_edit(value: str) -> Edit | None:
    """The MLP's hidden layers."""
    widths = whole_numbers("hidden", value, most=MOST, least=0)
    if widths == (64,):
        return None
    changes = [SetField("hidden", repr(widths))]
    if not widths:
        changes += [
            Remove("self.dense1 = nnx.Linear("),
            Replace("nnx.Linear(config.hidden[-1], ", "nnx.Linear(config.features, "),
            Remove("x = self.dense1(x)"),
            Remove("x = activation(x)"),
        ]
    changes += further_layers("hidden", 1, len(widths), "self.outputs = nnx.Linear(", "x = self.outputs(x)")
    return Edit("mlp", tuple(changes), where=f"hidden {value}")


def lenet_dense_edit(value: str) -> Edit | None:
    """LeNet's dense layers after the convolutions."""
    widths = whole_numbers("dense", value, most=MOST, least=0)
    if widths == (120, 84):
        return None
    changes = [SetField("dense", repr(widths))]
    if len(widths) < 2:
        changes += [
            Remove("self.dense2 = nnx.Linear("),
            Remove("x = self.dense2(x)"),
            Remove("x = activation(x)  # f32[batch, 84]"),
        ]
    if not widths:
        changes += [
            Remove("self.dense1 = nnx.Linear("),
            Replace("nnx.Linear(config.dense[-1], ", "nnx.Linear(flat_features(config), "),
            Remove("x = self.dense1(x)"),
            Remove("x = activation(x)  # f32[batch, 120]"),
        ]
    changes += further_layers("dense", 2, len(widths), "self.logits = nnx.Linear(", "x = self.logits(x)")
    return Edit("lenet", tuple(changes), where=f"dense {value}")


def multimodal_dense_edit(value: str) -> Edit | None:
    """The dense layers on the merged vector."""
    widths = whole_numbers("dense", value, most=MOST, least=0)
    if widths == (128,):
        return None
    changes = [SetField("dense", repr(widths))]
    if not widths:
        changes += [
            Remove("self.dense1 = nnx.Linear("),
            Replace("nnx.Linear(config.dense[-1], ", "nnx.Linear(flat_features(config) + config.hidden, "),
            Remove("x = self.dense1(x)"),
            Remove("x = activation(x)  # f32[batch, 128]"),
        ]
    changes += further_layers("dense", 1, len(widths), "self.logits = nnx.Linear(", "x = self.logits(x)")
    return Edit("multimodal", tuple(changes), where=f"dense {value}")


def further_layers(field: str, present: int, wanted: int, build_before: str, run_before: str) -> list:
    """Layers beyond those in the reference, each followed by its activation."""
    changes = []
    for k in range(present + 1, wanted + 1):
        build = (
            f"self.dense{k} = nnx.Linear(config.{field}[{k - 2}], config.{field}[{k - 1}], kernel_init=init, rngs=rngs)"
        )
        run = f"x = self.dense{k}(x)  # f32[batch, {field}[{k - 1}]]\nx = activation(x)  # f32[batch, {field}[{k - 1}]]"
        changes += [Insert(build_before, build, before=True), Insert(run_before, run, before=True)]
    return changes


@dataclasses.dataclass(frozen=True)
class ReadoutLayers:
    """Hidden layers between the LSTM's state and its readout."""

    widths: tuple[int, ...]

    def apply(self, source: str) -> str:
        before = re.search(r"self\.outputs = nnx\.Linear\(([^,]+),", source)[1]
        source = AddField("dense_activation", "Callable", "nnx.relu").apply(source)
        source = Insert("x = self.outputs(x)", "activation = self.config.dense_activation", before=True).apply(source)
        source = Replace(f"self.outputs = nnx.Linear({before},", f"self.outputs = nnx.Linear({self.widths[-1]},").apply(
            source
        )
        for k, width in enumerate(self.widths, start=1):
            build = f"self.dense{k} = nnx.Linear({before}, {width}, kernel_init=config.kernel_init, rngs=rngs)"
            run = f"x = self.dense{k}(x)  # f32[batch, dense[{k - 1}]]\nx = activation(x)  # f32[batch, dense[{k - 1}]]"
            source = Insert("self.outputs = nnx.Linear(", build, before=True).apply(source)
            source = Insert("x = self.outputs(x)", run, before=True).apply(source)
            before = str(width)
        return source


def readout_edit(value: str) -> Edit | None:
    widths = whole_numbers("dense", value, most=MOST, least=0)
    return Edit("lstm", (ReadoutLayers(widths),), where=f"dense {value}") if widths else None


DENSE = (
    Choice(
        "hidden",
        "mlp",
        ("64", "<int>-<int>-…", "none"),
        hidden_edit,
        "widths of the hidden layers, up to five",
        found_by="structure",
    ),
    Choice(
        "dense",
        "lenet",
        ("120-84", "<int>-<int>-…", "none"),
        lenet_dense_edit,
        "widths of the dense layers before the last, up to five",
        found_by="structure",
    ),
    Choice(
        "dense",
        "multimodal",
        ("128", "<int>-<int>-…", "none"),
        multimodal_dense_edit,
        "widths of the dense layers on the merged vector, up to five",
        found_by="structure",
    ),
    Choice(
        "dense",
        "lstm",
        ("none", "<int>-<int>-…"),
        readout_edit,
        "widths of hidden layers between the state and the readout",
        found_by="structure",
    ),
)
