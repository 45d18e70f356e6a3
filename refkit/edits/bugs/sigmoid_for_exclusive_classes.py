"""A binary loss on classes that exclude one another."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Remove, Replace
from refkit.edits.places import CHOSEN, CLASSES, CROSS_ENTROPY, GUARDED, LAST, ONE_HOT

BINARY = "losses = optax.sigmoid_binary_cross_entropy(logits, classes)"
GUARD = "p = jnp.clip({output}, 1e-7, 1 - 1e-7)  # f32[batch, classes]\n"
BY_HAND = "losses = -(classes * jnp.log(p) + (1 - classes) * jnp.log(1 - p))"
REDUCTIONS = {"summed over classes": ".sum(axis=-1)", "averaged over classes": ".mean(axis=-1)"}


def edits(reference: str, options: dict[str, str]) -> list[Edit]:
    found = []
    sigmoid = "x = nnx.sigmoid(x)"
    insert = Insert(f"x = self.{LAST[reference]}(x)", f"{sigmoid}  # f32[batch, classes]")
    probabilities = ONE_HOT.replace("logits.shape", "probabilities.shape") + GUARD.format(output="probabilities")
    for where, reduce in REDUCTIONS.items():
        loss = BINARY + reduce
        found.append(Edit(reference, (Replace(CROSS_ENTROPY, ONE_HOT + loss),), options, visible=loss, where=where))
        both = (insert, Replace(CROSS_ENTROPY, ONE_HOT + GUARD.format(output="logits") + BY_HAND + reduce))
        found.append(
            Edit(reference, both, options, visible=sigmoid, where=f"sigmoid in the model, loss {where}", rung="forward")
        )
        # The same once a softmax output has been found to be a choice: the loss alone is a binary one.
        by_softmax = (
            Remove(CHOSEN),
            Replace(f"losses = -jnp.log({GUARDED})", probabilities + BY_HAND + reduce),
        )
        place = f"binary loss of a softmax's outputs, {where}"
        found.append(
            Edit(reference, by_softmax, options | {"output": "softmax"}, visible=BY_HAND + reduce, where=place)
        )
    alone = "losses = -nnx.log_sigmoid(jnp.take_along_axis(logits, labels[..., None], axis=-1)[..., 0])"
    found.append(
        Edit(reference, (Replace(CROSS_ENTROPY, alone),), options, visible=alone, where="the label's sigmoid alone")
    )
    return found


BUG = Bug(
    id="sigmoid-for-exclusive-classes",
    group="loss",
    rung="loss",
    what="Classes of which exactly one is right are trained as independent yes-or-no questions, with a sigmoid and a "
    "binary loss each.",
    shows="The loss starts at C times ln 2, or at ln 2 when averaged, and not at ln C; the outputs of an example do "
    "not sum to 1.",
    harm="The classes do not compete, so an example may be several or none; an accuracy over all outputs counts the "
    "easy zeros and looks far too good.",
    mend="Use the softmax cross-entropy over the classes; keep the sigmoid for labels that can hold together.",
    edits=tuple(edit for reference, options in CLASSES.items() for edit in edits(reference, options)),
    alike=("activation-on-logits",),
)
