"""The last state taken at a padded step."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

TAKEN = "x = states[jnp.arange(x.shape[0]), lengths - 1]"
LENGTHS = {"lengths": "true"}
MANNERS = {
    "the last step, padded or not": "x = states[:, -1]",
    "one step too late": "x = states[jnp.arange(x.shape[0]), lengths]",
    "one step too early": "x = states[jnp.arange(x.shape[0]), lengths - 2]",
    "the longest sequence's last step": "x = states[:, lengths.max() - 1]",
}
# One padded step more in the mask of a mean.
MASK, ONE_MORE = "jnp.arange(x.shape[1]) < lengths[:, None]", "jnp.arange(x.shape[1]) <= lengths[:, None]"
SUM = "x = (states * mask[..., None]).sum(axis=1)"
MEANS = {
    "mean": (
        "x = (states * mask[..., None]).sum(axis=1) / lengths[:, None]",
        {
            "mean over padded steps": "x = states.mean(axis=1)",
            "divided by the padded number of steps": "x = (states * mask[..., None]).mean(axis=1)",
            "sum over padded steps": "x = states.sum(axis=1) / lengths[:, None]",
        },
    ),
    "sum": ("x = (states * mask[..., None]).sum(axis=1)", {"sum over padded steps": "x = states.sum(axis=1)"}),
    "max": (
        "x = jnp.where(mask[..., None], states, -jnp.inf).max(axis=1)",
        {
            "largest over padded steps": "x = states.max(axis=1)",
            "zeros for padded steps": "x = (states * mask[..., None]).max(axis=1)",
        },
    ),
}


def one_more() -> list[Edit]:
    found = []
    for outputs, visible in (("mean", f"{SUM} / lengths[:, None]"), ("sum", SUM), ("max", MEANS["max"][0])):
        options = LENGTHS | {"outputs": outputs}
        found.append(Edit("lstm", (Replace(MASK, ONE_MORE),), options, visible, f"one padded step in the {outputs}"))
    counted = f"{SUM} / mask.sum(axis=1)[:, None]"
    changes = (Replace(MASK, ONE_MORE), Replace(f"{SUM} / lengths[:, None]", counted))
    where = "one padded step in the mean, counted too"
    return [*found, Edit("lstm", changes, LENGTHS | {"outputs": "mean"}, visible=counted, where=where)]


BUG = Bug(
    id="state-at-padding",
    group="architecture",
    rung="forward",
    what="For sequences of different lengths the state is taken at a step of the padding, or padded steps count in "
    "the mean.",
    shows="The longest sequences agree and the others do not; what stands in the padding, or how much there is, "
    "changes the output.",
    harm="The state has run on over padding and has partly forgotten the sequence, and the more so the shorter it is.",
    mend="Take each sequence's state at its own last real step, `states[jnp.arange(batch), lengths - 1]`.",
    edits=(
        *(Edit("lstm", (Replace(TAKEN, new),), LENGTHS, visible=new, where=where) for where, new in MANNERS.items()),
        *(
            Edit("lstm", (Replace(old, new),), LENGTHS | {"outputs": outputs}, visible=new, where=where)
            for outputs, (old, manners) in MEANS.items()
            for where, new in manners.items()
        ),
        *one_more(),
    ),
    alike=("first-state-used",),
    blames="choice",
)
