"""A running metric that is carried from one evaluation into the next."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.scores import SCORES, batched

LAST = "return float(np.concatenate(KEPT).mean())"


def edits() -> list[Edit]:
    found = []
    for score in SCORES:
        first = "def share_wrong(" if score.reference == "lstm" else "def accuracy("
        scored = batched(score, LAST, before="-", line="KEPT.append({share})")
        changes = (scored, Insert(first, "KEPT = []\n\n", before=True))
        found.append(Edit(score.reference, changes, dict(score.options), LAST, "scores kept from call to call"))
    return found


BUG = Bug(
    id="metric-not-reset",
    group="evaluation",
    rung="metric",
    what="What the metric has added up is not cleared before the next evaluation.",
    shows="Scores move less and less from epoch to epoch: each is the mean over all evaluations so far.",
    harm="The score lags behind the model, and a model that gets worse goes unseen.",
    mend="Start from zero at each evaluation: `metrics.reset()`, or make the counters inside the function.",
    edits=tuple(edits()),
)
