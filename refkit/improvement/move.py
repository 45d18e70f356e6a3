"""One change of a configuration, said so that it can be made: of fields by their names, or an option of a reference."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from refkit.improvement.augmenting import Augmentation

# The names that references and other people's configurations have for one thing.
SIZES = (
    "hidden",
    "channels",
    "dense",
    "units",
    "width",
    "hidden_size",
    "hidden_dim",
    "features_hidden",
    "layers",
    "depth",
)
RATES = ("learning_rate", "lr")
BATCHES = ("batch_size",)
EPOCHS = ("epochs", "num_epochs")
DROPOUTS = ("dropout", "dropout_rate", "conv_dropout")
DECAYS = ("weight_decay", "l2", "penalty")


@dataclasses.dataclass(frozen=True)
class Move:
    """A change.

    Args:
        fields: names; those of them that a configuration has are changed together.
        to: the new value of an old one.
        options: of references, by the reference's name: `("dropout", "0.5")`.
        share: of the training examples that are left; the trial tells what the rest has brought.
        augmentations: of references' training examples, by the reference's name.
    """

    fields: tuple[str, ...] = ()
    to: Callable[[Any], Any] = lambda value: value
    options: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    share: float = 1.0
    augmentations: Mapping[str, Augmentation] = dataclasses.field(default_factory=dict)

    def changed(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a configuration that this sets to another value."""
        new = {name: self.to(config[name]) for name in self.fields if name in config and can_change(config[name])}
        return {name: value for name, value in new.items() if value != config[name]}

    def words(self, config: Mapping[str, Any], reference: str | None) -> str:
        """What is changed, as `hidden=(64,) → (128,)` or `option dropout=0.5`; empty where nothing here is."""
        if self.share < 1:
            return f"{self.share:.0%} of the training examples → all"
        said = [f"{name}={config[name]} → {value}" for name, value in self.changed(config).items()]
        if reference in self.options:
            option, value = self.options[reference]
            said.append(f"option {option}={value}")
        if reference in self.augmentations:
            said.append(self.augmentations[reference].words)
        return ", ".join(said)


def can_change(value: Any) -> bool:
    """Whether a value is a number, or a tuple or list of such."""
    if isinstance(value, tuple | list):
        return bool(value) and all(can_change(part) for part in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def times(factor: float) -> Callable[[Any], Any]:
    """Numbers multiplied, whole ones kept whole and at least 1.

    >>> times(2)((6, 16)), times(0.5)(1), round(times(3)(3e-4), 7)
    ((12, 32), 1, 0.0009)
    """

    def multiply(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(map(multiply, value))
        if isinstance(value, int):
            return max(1, round(value * factor))
        return float(f"{value * factor:.6g}")

    return multiply


def nothing(value: Any) -> Any:
    return type(value)(0)


def at_least(least: float) -> Callable[[Any], Any]:
    return lambda value: max(value, least)
