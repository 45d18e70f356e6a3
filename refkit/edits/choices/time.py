"""How the losses of the steps of a sequence are put together."""

import dataclasses
import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError
from refkit.edits.values import one_of

REDUCED = re.compile(
    r"^    return (?:\((?P<masked>errors\.mean\(axis=-1\)|losses) \* mask\)\.sum\(\) / mask\.sum\(\)"
    r"|(?P<all>errors|losses)\.mean\(\))",
    re.MULTILINE,
)


@dataclasses.dataclass(frozen=True)
class OverTime:
    """Each sequence's losses summed, or averaged by itself, before the mean over sequences."""

    manner: str

    def apply(self, source: str) -> str:
        found = REDUCED.search(source)
        if found is None or "x = states  #" not in source:
            raise EditError("there is no loss a step")
        if found["masked"]:
            steps = " / lengths" if self.manner == "sequence-mean" else ""
            line = f"    return (({found['masked']} * mask).sum(axis=1){steps}).mean()"
        else:
            values = "errors.mean(axis=-1)" if found["all"] == "errors" else "losses"
            line = f"    return {values}.{'mean' if self.manner == 'sequence-mean' else 'sum'}(axis=1).mean()"
        return source[: found.start()] + line + source[found.end() :]


def time_edit(value: str) -> Edit | None:
    if one_of("time", value, ("mean", "sum", "sequence-mean")) == "mean":
        return None
    return Edit("lstm", (OverTime(value),), {"outputs": "all"}, where=f"time {value}")


TIME = (
    Choice(
        "time",
        "lstm",
        ("mean", "sum", "sequence-mean"),
        time_edit,
        "with an output a step: the mean loss of all steps, each sequence's sum, or the mean of each sequence's mean",
    ),
)
