"""Whether the activation comes before the pooling or after it."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Rewrite
from refkit.edits.values import one_of


def order_edit(reference: str, value: str) -> Edit | None:
    if one_of("order", value, ("activation-pool", "pool-activation")) == "activation-pool":
        return None
    exchange = Rewrite(
        r"^( +x = activation\(x\)  # .*\n)((?: +x = self\.\w+_norm\(x\).*\n)?)( +x = pool\(.*\n)", r"\3\1\2", each=True
    )
    return Edit(reference, (exchange,), where=f"order {value}")


ORDER = tuple(
    Choice(
        "order",
        reference,
        ("activation-pool", "pool-activation"),
        lambda value, reference=reference: order_edit(reference, value),
        "the activation before the pooling or after it",
    )
    for reference in ("lenet", "multimodal")
)
