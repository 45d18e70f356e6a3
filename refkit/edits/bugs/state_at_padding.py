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

BUG = Bug(
    id="state-at-padding",
    group="architecture",
    rung="forward",
    what="For sequences of different lengths the state is taken at a step of the padding, or padded steps count in the mean.",
    shows="The longest sequences agree and the others do not; what stands in the padding, or how much there is, changes the output.",
    harm="The state has run on over padding and has partly forgotten the sequence, and the more so the shorter it is.",
    mend="Take each sequence's state at its own last real step, `states[jnp.arange(batch), lengths - 1]`.",
    edits=(
        *(Edit("lstm", (Replace(TAKEN, new),), LENGTHS, visible=new, where=where) for where, new in MANNERS.items()),
        *(
            Edit("lstm", (Replace(old, new),), LENGTHS | {"outputs": outputs}, visible=new, where=where)
            for outputs, (old, manners) in MEANS.items()
            for where, new in manners.items()
        ),
    ),
    alike=("first-state-used",),
)
