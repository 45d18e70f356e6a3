"""The metric of each reference in its own lines, and scored batch by batch: where bugs of the evaluation strike."""

import dataclasses

from refkit.edits.edit import Edit, Insert, Replace, Rewrite


@dataclasses.dataclass(frozen=True)
class Score:
    """The metric of one reference.

    Args:
        old: its lines, as the reference has them.
        share: what it takes the mean of, for the rows `{rows}` of the set.
        labels: what the labels are called.
        evaluated: the call of the metric in `main`.
        on_train: the same for the training examples.
        options: under which the reference is scored so.
    """

    reference: str
    old: str
    share: str
    labels: str
    evaluated: str
    on_train: str
    options: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def whole(self) -> str:
        return self.share.replace("[{rows}]", "")


IMAGES_OR_NUMBERS = (
    "predictions = model(jnp.asarray(x)).argmax(axis=-1)\n    return float((predictions == labels).mean())",
    "model(jnp.asarray(x[{rows}])).argmax(axis=-1) == labels[{rows}]",
    "labels",
)
SCORES = (
    Score(
        "mlp",
        *IMAGES_OR_NUMBERS,
        "accuracy(model, preprocess(test_x, x), test_labels)",
        "accuracy(model, preprocess(x, x), labels)",
    ),
    Score(
        "lenet",
        *IMAGES_OR_NUMBERS,
        "accuracy(model, preprocess(test_x), test_labels)",
        "accuracy(model, preprocess(x), labels)",
    ),
    Score(
        "lstm",
        "errors = jnp.abs(model(jnp.asarray(x)) - targets)\n    return float((errors > 0.04).mean())",
        "jnp.abs(model(jnp.asarray(x[{rows}])) - targets[{rows}]) > 0.04",
        "targets",
        "share_wrong(model, preprocess(test_x), test_targets)",
        "share_wrong(model, preprocess(x), targets)",
    ),
    Score(
        "multimodal",
        "return float((model(jnp.asarray(image), jnp.asarray(words)).argmax(axis=-1) == labels).mean())",
        "model(jnp.asarray(image[{rows}]), jnp.asarray(words[{rows}])).argmax(axis=-1) == labels[{rows}]",
        "labels",
        "accuracy(model, preprocess(test[0]), *test[1:])",
        "accuracy(model, preprocess(data[0]), *data[1:])",
    ),
)
BY_REFERENCE = {score.reference: score for score in SCORES}


def batched(score: Score, last: str, before: str = "", line: str = "scored.append({share})") -> Replace:
    """The metric scored batch by batch.

    Args:
        last: the lines after the loop.
        before: what stands before it, an empty list of scores by default.
        line: what is done with each batch.
    """
    rows = "start : start + Config.batch_size"
    body = line.format(share=score.share.format(rows=rows))
    loop = f"for start in range(0, len({score.labels}), Config.batch_size):\n    {body}"
    lines = "\n".join(filter(None, ((before or "scored = []").strip("-"), loop, last)))
    return Replace(score.old, lines)


def whole_edits(change: str, where: str, **more) -> list[Edit]:
    """One edit a reference that scores the whole set at once; `{share}` is what the mean is taken of."""
    found = []
    for score in SCORES:
        new = change.format(share=score.whole)
        found.append(
            Edit(
                score.reference,
                (Replace(score.old, new),),
                dict(score.options),
                new.split("\n")[-1],
                where,
                "metric",
                **more,
            )
        )
    return found


def batched_edits(last: str, where: str, line: str = "scored.append({share})", visible: str = "") -> list[Edit]:
    """One edit a reference that scores batch by batch."""
    found = []
    for score in SCORES:
        new = last.replace("{labels}", score.labels)
        shown = visible or new.split("\n")[-1]
        found.append(
            Edit(score.reference, (batched(score, new, line=line),), dict(score.options), shown, where, "metric")
        )
    return found


def in_main(change, where: str) -> list[Edit]:
    """One edit a reference of what `main` does with the metric.

    Args:
        change: gives the changes and the visible text for a `Score`.
    """
    found = []
    for score in SCORES:
        changes, visible = change(score)
        found.append(Edit(score.reference, changes, dict(score.options), visible, where, "metric"))
    return found


__all__ = ["BY_REFERENCE", "SCORES", "Insert", "Rewrite", "batched", "batched_edits", "in_main", "whole_edits"]
