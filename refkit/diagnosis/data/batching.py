"""Which examples arrive in batches: how often, in which order, in which epoch, with which label."""

import re
from typing import Any

import numpy as np

from refkit.adapters.parts.data_parameters import DATA
from refkit.adapters.parts.preprocess import takes
from refkit.diagnosis.data.arrival import part_of, seen_in
from refkit.diagnosis.data.batch_epochs import Judge
from refkit.diagnosis.data.recording import Step, last_return, record
from refkit.diagnosis.data.situation import NotTaken, Situation
from refkit.diagnosis.data.situation import given as given_inputs
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part
from refkit.probes.tagged_examples import Tagged

ROLE = "batches"
SIZE = 5
EPOCHS = 3
MIRRORS = re.compile(r"autoencod|reconstruct|copy task|denois|identity task", re.IGNORECASE)


def observe_batches(part: Part, situation: Situation, role: str = ROLE) -> tuple[list[Symptom], str, str]:
    """Symptoms, a few words on what was seen, and a note on a choice.

    Raises:
        NotTaken: it cannot be observed.
    """
    if not any(takes(part, role) for role in DATA):
        return observe_made(part, situation)
    count = 4 * SIZE + 3
    data = situation.data(count)
    runs, steps = run_epochs(part, situation, data)
    first = seen_in(runs[0], data)
    if first.sizes and first.sizes[0] != SIZE and takes_no_size(part):
        count = (SIZE - 1) * first.sizes[0] + 3 if first.sizes[0] < count else 5 * count
        data = situation.data(count)
        runs, steps = run_epochs(part, situation, data)
    epochs = [seen_in(run, data) for run in runs]
    if not epochs[0].sizes:
        raise NotTaken("it gives no batch")
    endless = len(epochs[0].rows) > count
    if endless:
        whole = epochs[0]
        epochs = [part_of(whole, k * count, (k + 1) * count) for k in range(min(2, len(whole.rows) // count))]
    judge = Judge(part, situation, data, epochs, steps, endless)
    symptoms = judge.symptoms()
    words = f"{len(np.unique(epochs[0].rows))} of {count} examples in {len(epochs[0].sizes)} batches"
    return symptoms, words, judge.note


def observe_made(part: Part, situation: Situation) -> tuple[list[Symptom], str, str]:
    """Batches of a function that makes its examples itself: all that can be said is of each by itself."""
    batches, steps = record(situation.file, lambda: list(part.run({"batch_size": SIZE, "epochs": 1}, 0, 2)))
    for batch in batches:
        arrays = [array for _, array in batch if array.ndim > 1]
        alike = [
            other for one, other in zip(arrays, arrays[1:]) if one.shape == other.shape and np.array_equal(one, other)
        ]
        if alike and alike[0].std() > 0 and not MIRRORS.search(situation.source):
            return (
                [
                    Symptom(
                        "target is input",
                        part.role,
                        "the target of every example is its own input",
                        last_return(steps),
                        alike[0],
                    )
                ],
                "made by itself",
                "",
            )
    if not batches:
        raise NotTaken("it gives no batch")
    return [], "made by itself", ""


def takes_no_size(part: Part) -> bool:
    return not takes(part, "batch_size")


def handed(part: Part, situation: Situation, data: Tagged) -> dict[str, Any]:
    """What each role of the function that cuts batches gets."""
    arrays = dict(zip(data.kinds, data.inputs))
    first = data.inputs[0]
    named = keys_in(situation.source, [*data.kinds, "label"], [*data.inputs, data.labels])
    values = given_inputs(situation, first) | {
        "labels": data.labels,
        "batch_size": SIZE,
        "epochs": EPOCHS,
        "training": True,
        "shuffle": True,
        "batch": named,
        "x": first,
    }
    values.pop("words", None)
    if "image" in arrays:
        values["images"] = arrays["image"]
    if "tokens" in arrays:
        values["words"] = arrays["tokens"]
    return values


NAMES = {
    "image": r"images?|imgs?|pictures?|x|pixels",
    "tokens": r"words?|tokens?|questions?|ids|text|q|x|inputs?|input_ids",
    "label": r"labels?|y|answers?|targets?",
    "features": r"x|features?|inputs?|data",
    "sequence": r"x|inputs?|sequences?",
}


def keys_in(source: str, kinds: list[str], arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """A dict of arrays under the keys that the file uses for them."""
    used = list(dict.fromkeys(re.findall(r"[\[(]\s*[\"'](\w+)[\"']\s*[\])]|[\"'](\w+)[\"']\s*:", source)))
    used = [one or other for one, other in used]
    usual = {"image": "image", "tokens": "words", "label": "label", "features": "x", "sequence": "x"}
    found: dict[str, np.ndarray] = {}
    for kind, array in zip(kinds, arrays):
        pattern = NAMES.get(kind, kind)
        key = next((name for name in used if re.fullmatch(pattern, name) and name not in found), usual.get(kind, kind))
        found[key] = array
    return found


def run_epochs(part: Part, situation: Situation, data: Tagged) -> tuple[list[list], list[Step]]:
    """The batches of three calls, the third with the seed of the first, and what the lines of the first gave."""
    values = handed(part, situation, data)
    if takes(part, "batch"):
        try:
            next(iter(part.run(values, 0, 1)), None)
        except Exception:  # noqa: BLE001: a tuple may be meant where a dict is not
            values["batch"] = (*data.inputs, data.labels)
    most = 2 * (data.count // SIZE + 1) + 4
    if takes_no_size(part):
        most = 60
    runs, steps = [], []
    for seed in (0, 1, 0):
        call = lambda seed=seed: list(part.run(values, seed, most))
        if runs:
            runs.append(call())
        else:
            result, steps = record(situation.file, call)
            runs.append(result)
    return runs, steps
