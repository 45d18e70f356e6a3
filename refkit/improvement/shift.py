"""Against a distribution shift, in the guide's order: no field of a configuration changes what data there are."""

from refkit.improvement.item import Item

ITEMS = (
    Item(
        "collect what is missing",
        "look at test-validation examples that are answered wrong, beside the training-validation ones, and collect more "
        "training examples of the kinds that differ",
        "the training data; the table of slices says which kinds win most",
    ),
    Item(
        "synthesise what is missing",
        "make training examples of those kinds out of what there is: noise, blur, inversion, other backgrounds",
        "`preprocess` or `batches` of the reference's file, on the training examples alone",
    ),
    Item(
        "domain adaptation",
        "fine-tune on the few labelled examples of the test's kind; where they have no labels, bring the features of both "
        "kinds together",
        "fine-tuning keeps the parameters and sets `learning_rate` to a tenth; without labels: CORAL, or domain confusion",
    ),
)
