"""Words that several parts of a written file have in common."""

from refkit.starting.plan import Plan


def array_words(plan: Plan) -> list[str]:
    """What the written file calls its arrays: `x`, `lengths`, `labels`."""
    inputs = ["image", "words"] if plan.reference == "multimodal" else ["x"]
    lengths = ["lengths"] if plan.lengths not in ("", "ids") else []
    return [*inputs, *lengths, "targets" if plan.target.regression else "labels"]


def call_all(plan: Plan) -> str:
    """The targets and their shape."""
    return f"targets `f32[examples, {plan.target.outputs}]`" if plan.target.regression else "class ids `i32[examples]`"
