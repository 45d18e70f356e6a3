"""Time runs backwards."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace

RUN = "states = run(self.cell, x)"
FORWARD = "run(self.backward, x[:, ::-1])[:, ::-1]"


def edits(reference: str) -> list[Edit]:
    turned, both = "x = x[:, ::-1]", "states = run(self.cell, x[:, ::-1])[:, ::-1]"
    both_ways = {"bidirectional": "true"}
    not_turned, left_turned = "backward = run(self.backward, x)", "backward = run(self.backward, x[:, ::-1])  #"
    return [
        Edit(reference, (Insert(RUN, turned, before=True),), visible=turned, where="the sequence"),
        Edit(reference, (Replace(RUN, both),), visible=both, where="the sequence, and its states back again"),
        Edit(
            reference, (Replace(f"backward = {FORWARD}", not_turned),), both_ways, not_turned, "backward runs forward"
        ),
        Edit(
            reference,
            (Replace(f"backward = {FORWARD}", f"{not_turned}[:, ::-1]"),),
            both_ways,
            visible=f"{not_turned}[:, ::-1]",
            where="backward runs forward to its own last step",
        ),
        Edit(
            reference,
            (Replace(f"backward = {FORWARD}  #", left_turned),),
            both_ways,
            visible=left_turned,
            where="the backward direction's states are not turned back",
        ),
    ]


BUG = Bug(
    id="sequence-reversed",
    group="architecture",
    rung="forward",
    what="The recurrence runs from the last step to the first where it is meant to run forward.",
    shows="The first step's input is the sequence's last; with states turned back, the last state has seen one step "
    "alone.",
    harm="A model of reversed sequences may learn as well, but it cannot be fed step by step, and weights for one "
    "direction are useless for the other.",
    mend="Run forward, or say `reverse` where backward is meant and keep outputs in the order of the inputs.",
    edits=(*edits("lstm"), *edits("multimodal")),
    alike=("first-state-used", "state-not-carried"),
    words=("reverse", "::-1", r"\bflip\(", r"\brange\(.*, *-1, *-1\)"),
    blames="words",
    intent=True,
)
