"""A batch as a loss takes it apart: a tuple in some order, a dict, an object with attributes."""

import ast
import itertools
from types import SimpleNamespace
from typing import Any

from refkit.adapters import roles
from refkit.adapters.expressions import name_of
from refkit.adapters.labels import LABELS
from refkit.adapters.values import Slot, Values
from refkit.implementation import Input


def batch_slots(
    inputs: tuple[Input, ...], keys: list[str], unpacked: list[str], packed: tuple[str, ...] = ()
) -> list[tuple[str, Slot]]:
    """A batch as the loss takes it apart: a dict with the keys it reads, a tuple in either order.

    Args:
        keys: text that the batch is indexed with.
        unpacked: names that it is unpacked to.
        packed: keys by which the model itself takes its inputs, where it takes a dict.
    """
    found: list[tuple[str, Slot]] = []
    pair = lambda values: (*values.in_order, values.labels)
    swapped = lambda values: (values.labels, *values.in_order)
    nested = lambda values: (values.in_order, values.labels)
    crossed = lambda values: (*reversed(values.in_order), values.labels)
    if len(keys) >= 2 or packed:
        assigned = assign_beside(keys, packed) if packed else assign(keys, inputs)
        if assigned:
            data_keys, label_key = assigned

            def as_dict(values: Values) -> dict[str, Any]:
                return dict(zip(data_keys, values.data, strict=True)) | {label_key: values.labels}

            found.append(("", as_dict))
            found.append(("", lambda values: SimpleNamespace(**as_dict(values))))
    first_is_label = (
        bool(unpacked)
        and LABELS.fullmatch(unpacked[0].lower()) is not None
        and LABELS.fullmatch(unpacked[-1].lower()) is None
    )
    tuples: list[Slot] = [swapped, pair] if first_is_label else [pair, swapped]
    if len(inputs) > 1:
        tuples += [nested, crossed]
        order = order_of(unpacked[:-1], inputs)
        if order:
            tuples.insert(0, lambda values: (*(values.data[index] for index in order), values.labels))
    found += [("", slot) for slot in tuples]
    if not keys:
        names = [("image", "label"), ("x", "y"), ("inputs", "targets")]
        if len(inputs) == 1:
            found += [
                ("", lambda values, pair=pair: {pair[0]: values.data[0], pair[1]: values.labels}) for pair in names
            ]
    return found


def assign_beside(keys: list[str], packed: tuple[str, ...]) -> tuple[list[str], str]:
    """The model's own keys for the inputs, and the first other one for the labels."""
    return list(packed), next((key for key in keys if key not in packed), "label")


def assign(keys: list[str], inputs: tuple[Input, ...]) -> tuple[list[str], str] | None:
    """Keys for the inputs, in their order, and the key of the labels."""
    named = [
        key
        for key in keys
        if LABELS.fullmatch(key.lower())
        and not any(
            given.kind == "tokens" and roles.suits(key, "tokens") and not LABELS.fullmatch(key.lower())
            for given in inputs
        )
    ]
    label = named[-1] if named else keys[-1]
    rest = [key for key in keys if key != label]
    if len(rest) < len(inputs):
        return None
    score = lambda order: sum(
        2 * (given.name == key) + roles.suits(key, given.kind) for given, key in zip(inputs, order, strict=True)
    )
    orders = list(itertools.islice(itertools.permutations(rest, len(inputs)), 200))
    return list(max(orders, key=score)), label


def order_of(names: list[str], inputs: tuple[Input, ...]) -> list[int]:
    """Which input each name is for; empty where names do not tell."""
    order = []
    for name in names:
        suited = [
            index
            for index, given in enumerate(inputs)
            if index not in order and (given.name == name or roles.suits(name, given.kind))
        ]
        if not suited:
            return []
        order.append(suited[0])
    return order if len(order) == len(inputs) else []


def indexed_with(definition: ast.AST | None, name: str) -> list[str]:
    """Text that a name is indexed with or asked for, as in `batch["image"]`, `batch.get("image")`, `batch.image`."""
    found = []
    for node in ast.walk(definition) if definition is not None else ():
        if (
            isinstance(node, ast.Subscript)
            and name_of(node.value) == name
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            found.append(node.slice.value)
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
            and node.attr not in ("items", "keys", "values", "get", "pop", "shape")
        ):
            found.append(node.attr)
    return list(dict.fromkeys(found))


def unpacked_to(definition: ast.AST | None, name: str) -> list[str]:
    """Names that a tuple is unpacked to, as in `x, y = batch`."""
    for node in ast.walk(definition) if definition is not None else ():
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
            and isinstance(node.targets[0], (ast.Tuple, ast.List))
        ):
            return [name_of(entry) for entry in node.targets[0].elts]
    return []
