"""Error analysis in words: slices with what fixing each would win, confusion, the worst examples, and the split."""

import math

from refkit.evaluation.decomposition import Decomposition
from refkit.evaluation.figures import decimals_of, figure
from refkit.evaluation.metric import Metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.stages import VAL
from refkit.evaluation.telling import aligned
from refkit.improvement import agreement, confusion, worst
from refkit.improvement.slices import Slice, slices, validation_sets

ROWS = 12


def tell(predictions: Predictions, metric: Metric, parts: Decomposition) -> str:
    """All of it, one paragraph each."""
    sets = validation_sets(predictions)
    if not sets:
        return "error analysis needs predictions on held-out examples: `train_val`, `test_val` or `val`"
    said = [slice_words(slices(predictions, metric), sets, parts, metric)]
    if predictions.classes:
        said.append(confusion.tell(predictions, sets[-1]))
    said.append(worst.tell(predictions, sets[-1]))
    said.append(agreement.tell(predictions, parts))
    return "\n\n".join(said)


def slice_words(found: list[Slice], sets: list[str], parts: Decomposition, metric: Metric) -> str:
    """The guide's table: kinds of examples, their error on both sets, and what the whole error falls by if they are mended."""
    if not found:
        return (
            "error by slice: no column tells kinds of examples; add some, such as who took a picture, or what is wrong"
        )
    places = decimals_of(parts)
    wins = [f"win on {name}" for name in sets]
    rows = [("slice", *(head for name in sets for head in ("examples", f"error on {name}")), *wins)]
    shown = [one for one in found if any(win > 0 for win in one.wins.values())][:ROWS]
    for one in shown:
        cells = [cell for name in sets for cell in (str(one.counts[name]), said(one.errors[name], places))]
        rows.append((f"{one.column}={one.value}", *cells, *(said(one.wins[name], places) for name in sets)))
    head = "error by slice, and what the error on the whole set falls by if the slice is answered rightly"
    if len(sets) == 1 and sets[0] != VAL:
        head += f" (on {sets[0]} alone: the other validation set is missing)"
    lines = [head, *aligned(rows)] if shown else [f"{head}: no slice has an error"]
    if len(found) > len(shown):
        lines.append(f"and {len(found) - len(shown)} slices that win less")
    return "\n".join(lines)


def said(value: float, places: int) -> str:
    return "-" if math.isnan(value) else figure(value, places)
