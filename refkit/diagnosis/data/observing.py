"""Everything that can be observed of one part of a file that handles data."""

import contextlib
import dataclasses
from collections.abc import Callable

from refkit.diagnosis.data.batching import observe_batches
from refkit.diagnosis.data.looping import observe_loop
from refkit.diagnosis.data.making import observe_made
from refkit.diagnosis.data.preprocessing import observe_preprocess
from refkit.diagnosis.data.situation import NotTaken, Situation
from refkit.diagnosis.data.splitting import observe_split
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part


@dataclasses.dataclass
class Observation:
    """What a part showed.

    Args:
        symptoms: what is wrong.
        words: a few on what was seen.
        lacking: why nothing could be observed, as a clause; empty where something was.
        raised: what the part raised on valid data.
        note: on a choice.
    """

    symptoms: list[Symptom] = dataclasses.field(default_factory=list)
    words: str = ""
    lacking: str = ""
    raised: Exception | None = None
    note: str = ""


def observe(part: Part, situation: Situation, sources: Callable) -> Observation:
    """One part, tried on tagged examples.

    Args:
        sources: a context in which the raw data sets that are read are put into a list.
    """
    if part.run is None:
        return Observation(lacking=part.lacking)
    try:
        if part.role == "preprocess":
            return Observation(*observe_preprocess(part, situation))
        if part.role == "batches":
            symptoms, words, note = observe_batches(part, situation)
            return Observation(symptoms, words, note=note)
        if part.role == "made":
            return Observation(*observe_made(part, situation))
        if part.role == "train":
            return Observation(*observe_loop(part, situation))
        return Observation(*observe_split(part, situation, sources))
    except NotTaken as error:
        return Observation(lacking=f"`{part.name}`: {error}")
    except Exception as error:  # noqa: BLE001: the user's function may raise anything on data that it is not for
        said = " ".join(str(error).split())[:120]
        return Observation(
            lacking=f"`{part.name}` could not be called on tagged examples ({type(error).__name__}: {said})",
            raised=error,
        )


@contextlib.contextmanager
def no_sources():
    """Where no raw data set is listened to."""
    yield []
