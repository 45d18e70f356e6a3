"""Test examples among the training ones."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import CUT

OVERLAP = "test, train = order[: len(x) // 5], order"
LOADED = "return [adding_problem(10_000, steps, seed=0), adding_problem(2_560, steps, seed=1)]"
AGAIN = "return [(x, targets), (x[:2_560], targets[:2_560])]"
SEEDS = "data, test = shapes_and_questions(10_000, seed=0), shapes_and_questions(2_000, seed=1)"
ONE_SEED = "data, test = shapes_and_questions(10_000, seed=0), shapes_and_questions(2_000, seed=0)"


def in_split(reference: str) -> Edit:
    return Edit(reference, (Replace(CUT, OVERLAP),), visible=OVERLAP, where="in split")


BUG = Bug(
    id="test-in-train",
    group="data, labels, splits",
    rung="data",
    what="Some or all of the test examples are training examples as well.",
    shows="The test score follows the training score and is far too good; on new data it is not.",
    harm="The score says how well the training set is known by heart.",
    mend="Split once, by index, and assert that no example is in both parts.",
    edits=(
        in_split("mlp"),
        in_split("lenet"),
        Edit(
            "lstm",
            (Replace(LOADED, "x, targets = adding_problem(10_000, steps, seed=0)\n" + AGAIN),),
            visible=AGAIN,
            where="in load_data",
        ),
        Edit("multimodal", (Replace(SEEDS, ONE_SEED),), visible=ONE_SEED, where="one seed for both parts"),
    ),
)
