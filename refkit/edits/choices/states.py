"""Which of the LSTM's states the rest of the model takes."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Replace
from refkit.edits.values import one_of

LAST = {"lstm": "x = states[:, -1]  # f32[batch, 128]", "multimodal": "words_vector = states[:, -1]  # f32[batch, 64]"}
STATES = {"all": "states", "mean": "states.mean(axis=1)", "max": "states.max(axis=1)", "sum": "states.sum(axis=1)"}


def states_edit(option: str, reference: str, value: str, values: tuple[str, ...]) -> Edit | None:
    if one_of(option, value, values) == "last":
        return None
    old = LAST[reference]
    return Edit(reference, (Replace(old, old.replace("states[:, -1]", STATES[value])),), where=f"{option} {value}")


def states_choice(option: str, reference: str, values: tuple[str, ...], what: str) -> Choice:
    return Choice(option, reference, values, lambda value: states_edit(option, reference, value, values), what)


# Named by the contract: `lstm:outputs=all` gives one output a step.
STATES_TAKEN = (
    states_choice(
        "outputs",
        "lstm",
        ("last", "all", "mean", "max", "sum"),
        "states that the readout takes: the last, each one, their mean, largest or sum",
    ),
    states_choice(
        "words",
        "multimodal",
        ("last", "mean", "max", "sum"),
        "states of the words that are merged: the last, their mean, largest or sum",
    ),
)
