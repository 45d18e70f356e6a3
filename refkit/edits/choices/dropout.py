"""Units left out at random while training; `model.train()` and `model.eval()` say which it is."""

import dataclasses

from refkit.edits.choice import Choice
from refkit.edits.edit import AddField, Edit, Insert, Rewrite
from refkit.edits.values import real_number

BUILD_BEFORE = {
    "mlp": "self.outputs = nnx.Linear(",
    "lenet": "self.logits = nnx.Linear(",
    "lstm": "self.outputs = nnx.Linear(",
    "multimodal": "self.logits = nnx.Linear(",
}
LINE = r"\2x = self.{name}(x)  # \3\n"
# After the activation of every dense layer; after every pooling.
AFTER_DENSE = (
    r"^(( +)x = self\.dense\d\(x\)  # .*\n(?: +x = self\.\w+_norm\(x\).*\n)? +x = activation\(x\)  # (.*)\n"
    r"(?: +x = self\.\w+_norm\(x\).*\n)?)"
)
AFTER_POOL = r"^(( +)x = pool\(x, .*\)  # (.*)\n)"
BEFORE_LAST = r"^()( +)x = self\.outputs\(x\)  # (.*)\n"


@dataclasses.dataclass(frozen=True)
class Drop:
    """A dropout of that name at each of the places."""

    reference: str
    name: str
    rate: float
    places: str

    def apply(self, source: str) -> str:
        field = "dropout" if self.name == "dropout" else "conv_dropout"
        source = AddField(field, "float", f"{self.rate:g}").apply(source)
        source = Insert(
            BUILD_BEFORE[self.reference], f"self.{self.name} = nnx.Dropout(config.{field}, rngs=rngs)", before=True
        ).apply(source)
        line = LINE.format(name=self.name)
        if self.places == BEFORE_LAST:
            return Insert("x = self.outputs(x)", f"x = self.{self.name}(x)  # f32[batch, hidden]", before=True).apply(
                source
            )
        return Rewrite(self.places, rf"\1{line}", each=True).apply(source)


def dropout_edit(option: str, reference: str, places: str, value: str) -> Edit | None:
    rate = real_number(option, value, 0, 0.99)
    if rate == 0:
        return None
    name = option.replace("-", "_")
    return Edit(reference, (Drop(reference, name, rate, places),), where=f"{option} {value}")


def dropout_choice(option: str, reference: str, places: str, what: str) -> Choice:
    return Choice(
        option, reference, ("0", "0.5", "<number>"), lambda value: dropout_edit(option, reference, places, value), what
    )


DROPOUT = (
    dropout_choice("dropout", "mlp", AFTER_DENSE, "rate of dropout after every hidden layer"),
    dropout_choice("dropout", "lenet", AFTER_DENSE, "rate of dropout after every dense layer but the last"),
    dropout_choice("conv-dropout", "lenet", AFTER_POOL, "rate of dropout after every pooling"),
    dropout_choice("dropout", "lstm", BEFORE_LAST, "rate of dropout before the readout"),
    dropout_choice("dropout", "multimodal", AFTER_DENSE, "rate of dropout after every dense layer but the last"),
    dropout_choice("conv-dropout", "multimodal", AFTER_POOL, "rate of dropout after every pooling"),
)
