"""Which examples reach the training step in the program's own training, and which reach its score."""

import dataclasses
import functools
import re
from typing import Any

import numpy as np

from refkit.diagnosis.data.following import followed
from refkit.diagnosis.data.loops import loops_around, order_made_in_loop
from refkit.diagnosis.data.parts_of_data import Portion, labelled
from refkit.diagnosis.data.places import compares_targets, line_of, turns
from refkit.diagnosis.data.recording import Step, first_line, record
from refkit.diagnosis.data.situation import NotTaken, Situation, widths
from refkit.diagnosis.data.split_examples import enlarged
from refkit.diagnosis.data.splitting import Judge
from refkit.diagnosis.data.symptom import Symptom
from refkit.diagnosis.data.turning import ways_round
from refkit.implementation import Part

BRIGHT, DIM = 7.0, 0.05  # largest pixel: above the one it has not been scaled, below the other twice
LISTENED = ("image", "features")  # inputs whose raw form is known well enough to judge what a step is handed
FEWEST = 6  # pictures known again, for it to be said how they lie
PARTLY = 0.02, 0.9  # share of the scored examples that are trained on, too: all of them are meant to be
OVERFITS = re.compile(r"overfit|sanity|one batch|single batch", re.IGNORECASE)


def observe_loop(part: Part, situation: Situation) -> tuple[list[Symptom], str]:
    """Symptoms of the training as the program runs it.

    Raises:
        NotTaken: it cannot be observed.
    """
    heard = part.run.heard()
    calls = [call for call in heard.calls if call.kind == "step" and call.arrays]
    situation = as_run(situation, calls)
    seen = Training(part, situation, heard) if situation.main.kind in LISTENED or not calls else None
    symptoms = judged(seen, heard, situation, [])
    if any(not symptom.line for symptom in symptoms):
        _, steps = record(situation.file, part.run)
        symptoms = judged(seen, heard, situation, steps)
    words = f"{len(calls)} steps of {len(calls[0].arrays[0][1]) if calls[0].arrays[0][1].ndim else 1} examples"
    return symptoms, words


def as_run(situation: Situation, calls: list) -> Situation:
    """The situation at the size of the program's own examples, where the model takes any size."""
    handed = next((call.handed for call in calls if call.handed is not None), None)
    if handed is None or len(situation.inputs) != 1 or handed.inputs[0][1].ndim != len(situation.main.shape) + 1:
        return situation
    return dataclasses.replace(
        situation, inputs=(dataclasses.replace(situation.main, shape=handed.inputs[0][1].shape[1:]),)
    )


def judged(seen: "Training | None", heard: Any, situation: Situation, steps: list[Step]) -> list[Symptom]:
    if seen is None:
        return followed(heard, situation, steps)
    seen.steps = steps
    return [*seen.symptoms(), *followed(heard, situation, steps)]


class Training:
    """The calls of one run."""

    def __init__(self, part: Part, situation: Situation, heard):
        self.part, self.situation, self.steps = part, situation, []
        calls, read = heard.calls, heard.read
        self.symptom = functools.partial(Symptom, role="train")
        self.train = [piece for call in calls if call.kind == "step" and (piece := self.portion(call)) is not None]
        self.lines = [call.line for call in calls if call.kind == "step"]
        self.scores = [piece for call in calls if call.kind == "score" and (piece := self.portion(call)) is not None]
        self.score_lines = [call.line for call in calls if call.kind == "score" and self.portion(call) is not None]
        if not self.train:
            error = heard.error
            said = f" ({type(error).__name__}: {' '.join(str(error).split())[:100]})" if error is not None else ""
            raise NotTaken(f"no step was reached with data that the model takes{said}")
        self.raw = next((one for one in reversed(read) if self.fits(one)), None)
        handed = [call.handed for call in calls if call.kind == "step" and call.handed is not None]
        self.handed = [array for one in handed for _, array in one.inputs if array.ndim > 2]

    def portion(self, call) -> Portion | None:
        """Inputs, words and labels of one call."""
        shape = self.situation.data_inputs[0].shape
        arrays = [(key, array) for key, array in call.arrays if array.ndim]
        image = self.situation.image is not None
        main = next(
            (
                a
                for key, a in arrays
                if a.ndim > 1
                and key not in ("labels", "label", "y")
                and (
                    widths(a) == int(np.prod(shape))
                    or (not image and a.ndim == len(shape) + 1 and a.shape[-1] == shape[-1])
                )
            ),
            None,
        )
        if main is None:
            return None
        rest = [a for _, a in arrays if a is not main and len(a) == len(main)]
        words = None
        if image and self.situation.words is not None:
            words = next((a for a in rest if a.ndim == 2 and a.dtype.kind in "iu" and a.shape[1] > 1), None)
            rest = [a for a in rest if a is not words]
        return Portion(main, words, rest[0] if rest else None)

    def fits(self, one) -> bool:
        return bool(enlarged(np.asarray(one[0]), widths(self.train[0].inputs)))

    def symptoms(self) -> list[Symptom]:
        wrong = [*self.of_brightness(), *self.of_targets()]
        more = self.beside_raw()
        if wrong:  # a step that is handed pixels out of range is not handed what the score is
            more = [symptom for symptom in more if symptom.kind != "parts differ"]
        return [*wrong, *more]

    def whole(self) -> Portion:
        """All that the steps were handed, one after another."""
        one = self.train[0].inputs.shape[1:]
        kept = [piece for piece in self.train if piece.inputs.shape[1:] == one]
        labels = None
        if all(piece.labels is not None and piece.labels.shape[1:] == kept[0].labels.shape[1:] for piece in kept):
            labels = np.concatenate([piece.labels for piece in kept])
        return Portion(np.concatenate([piece.inputs for piece in kept]), None, labels)

    def of_brightness(self) -> list[Symptom]:
        if self.situation.image is None:
            return []
        pictures = self.handed or [piece.inputs[:8] for piece in self.train[:4]]  # the step may scale what it is handed
        largest = max(float(np.abs(np.asarray(array, np.float64)).max()) for array in pictures)
        line = self.lines[0] if self.steps else 0
        if largest > BRIGHT:
            return [
                self.symptom(
                    "unscaled",
                    message=f"the model is handed pixels up to {largest:.3g}",
                    line=self.made_line() or line,
                    yours=self.train[0].inputs,
                )
            ]
        if 0 < largest < DIM:
            return [
                self.symptom(
                    "scaled twice",
                    message=f"the model is handed pixels up to {largest:.3g}",
                    line=self.dim_line() or line,
                    yours=self.train[0].inputs,
                )
            ]
        return []

    def made_line(self) -> int:
        """The last line that gave all the pictures before they were cut into batches."""
        shape = self.train[0].inputs.shape[1:]
        made = [
            step
            for step in self.steps
            if step.value.shape[1:] == shape and len(step.value) > len(self.train[0].inputs) and step.line
        ]
        return made[0].line if made else 0

    def dim_line(self) -> int:
        size = widths(self.train[0].inputs)
        return first_line(
            self.steps,
            lambda value: (
                value.ndim > 1 and value.dtype.kind == "f" and widths(value) == size and 0 < np.abs(value).max() < DIM
            ),
        )

    def of_targets(self) -> list[Symptom]:
        piece = self.train[0]
        labels = piece.labels
        if labels is None or not self.situation.regression or labels.dtype.kind != "f":
            return []
        largest = float(np.abs(labels).max())
        if largest < 60 or widths(labels) > 4:
            return []
        return [
            self.symptom(
                "targets unscaled",
                message=f"the step is handed targets up to {largest:.4g}",
                line=compares_targets(self.situation.source) or self.lines[0],
            )
        ]

    def beside_raw(self) -> list[Symptom]:
        """What shows beside the data set that was read."""
        if self.raw is None:
            return []
        whole = self.whole()
        score = next(
            (
                piece
                for piece in reversed(self.scores)
                if piece.inputs.shape[1:] == whole.inputs.shape[1:] and len(piece.inputs) > 9
            ),
            None,
        )
        found = [whole] + ([score] if score is not None else [])
        judge = Judge(self.part, self.situation, found, self.steps, self.raw)
        known = judge.known[0]
        if known is None:
            return self.turned(judge)
        symptoms = [dataclasses.replace(symptom, line=self.lines[0]) for symptom in judge.of_labels_beside()]
        symptoms += judge.of_scale()
        if score is not None and judge.known[1] is not None and PARTLY[0] < judge.share_in_train() < PARTLY[1]:
            symptoms += judge.of_overlap()
        if score is not None and judge.known[1] is not None and self.situation.image is not None:
            symptoms += self.of_scales(known, judge.known[1], score)
        if known.view and self.situation.of_digits():
            line = turns(self.situation.source) or self.lines[0]
            symptoms.append(self.symptom("turned", message=f"pictures reach the step {known.view}", line=line))
        return [*symptoms, *self.of_order(known.rows)]

    def of_scales(self, train, test, score) -> list[Symptom]:
        one, other = train.typical_scale, test.typical_scale
        if one and abs(other / one - 1) < 0.03 and train.view == test.view:
            return []
        return [
            self.symptom(
                "parts differ",
                message=f"raw pixels are multiplied by {one:.3g} for the step and by {other:.3g} for the score",
                line=line_of(self.steps, score.inputs, self.situation.source) if self.steps else 0,
            )
        ]

    def turned(self, judge: Judge) -> list[Symptom]:
        """Pictures of which some are mirrored or turned, each looked at by itself."""
        if self.situation.image is None or not self.situation.of_digits():
            return []
        pictures = np.concatenate([piece.inputs[:10] for piece in self.train[:2]])
        raw = enlarged(np.asarray(self.raw[0]), widths(self.train[0].inputs))[-1]
        views = ways_round(raw, pictures)
        if len(views) < FEWEST:  # they may be too small to have been shifted
            views = [found.view for one in pictures if (found := judge.identity(one[None])) is not None]
        wrong = {view for view in views if view}
        if not wrong or len(views) < FEWEST:
            return []
        return [
            self.symptom(
                "turned at random" if "" in views else "turned",
                line=turns(self.situation.source) or self.lines[0],
                message=f"pictures reach the step {' or '.join(sorted(wrong))}",
            )
        ]

    def of_order(self, rows: np.ndarray) -> list[Symptom]:
        """Whether the second epoch is the first again."""
        size = len(self.train[0].inputs)
        known = rows
        repeats = np.flatnonzero(known == known[0])
        if len(repeats) < 2 or known[0] < 0 or (known < 0).mean() > 0.05:
            return []
        length = int(repeats[1])
        if len(np.unique(known[:length])) < 0.95 * length or len(known) < 2 * length:
            return []
        if not np.array_equal(known[:length], known[length : 2 * length]):
            return []
        source = self.situation.source
        if length == size:
            others = len(self.raw[0]) - sum(len(piece.inputs) for piece in self.scores[-1:])
            if OVERFITS.search(source) or 3 * size > others or loops_around(source, self.lines[0]) < 2:
                return []
            return [self.symptom("first batch only", message="every step is handed the same batch", line=self.lines[0])]
        line = order_made_in_loop(source, self.lines[0])
        labels = None if self.whole().labels is None else labelled(self.whole().labels)
        if (
            labels is not None
            and labels.dtype.kind == "i"
            and len(np.unique(labels)) > 1
            and (np.diff(labels[:length]) >= 0).all()
        ):
            return [
                self.symptom(
                    "sorted", message="the examples reach the step sorted by their class", line=line or self.lines[0]
                )
            ]
        if not line:
            return []
        return [
            self.symptom(
                "same order", message="the examples reach the step in the same order in every epoch", line=line
            )
        ]
