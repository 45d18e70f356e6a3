"""How sensitive networks are to each hyper-parameter, as Josh Tobin's field guide ranks it: to be measured, not believed."""

import re

HIGH, MEDIUM, LOW = "high", "medium", "low"
# The guide's entries in its order; each with the names that programs give it, `_` and `-` left out.
ENTRIES = (
    ("learning rate", HIGH, r"(base|initial|init|peak|max)?(learningrate|lr|stepsize)(init|max)?"),
    ("learning rate schedule", HIGH, r"(lr|learningrate)?(schedule|scheduler|decay|warmup)(steps|rate|epochs)?"),
    ("loss function", HIGH, r"loss(fn|function|type)?"),
    (
        "layer size",
        HIGH,
        r"(n|num)?(units|width|widths|hidden|hiddensizes?|hiddenunits|hiddendim|dim|dense|channels|filters)",
    ),
    ("layer size", HIGH, r"(embedding|embeddingsize|embeddingdim|statesize)"),
    ("initialization", MEDIUM, r"\w*(initialization|initialisation|initializer|initialiser|init|initscale|forgetbias)"),
    ("depth", MEDIUM, r"(n|num)?(depth|layers|blocks|hiddenlayers)"),
    ("layer parameters", MEDIUM, r"(kernel|kernelsize|padding|stride|strides|pool|poolwindow|poolafter|flatten)"),
    ("layer parameters", MEDIUM, r"(bidirectional|words|merge|order|batchnorm|layernorm|norm)"),
    (
        "regularization weight",
        MEDIUM,
        r"(penalty|l1|l2|weightdecay|wd|regularization|regularisation|\w*dropout\w*|smoothing)",
    ),
    ("regularization weight", MEDIUM, r"(alpha|labelsmoothing|reg|dropoutrate)"),
    ("optimizer", LOW, r"(optimizer|optimiser|optim|opt)"),
    (
        "other parameters of the optimizer",
        LOW,
        r"(momentum|beta|beta1|beta2|b1|b2|eps|epsilon|nesterov|clip|gradclip|clipnorm)",
    ),
    ("batch size", LOW, r"(batchsize|batch|minibatch|bs)"),
    ("nonlinearity", LOW, r"\w*(activation|nonlinearity|act)"),
)


def entry_of(name: str) -> tuple[str, str] | None:
    """The guide's entry for a hyper-parameter and its rank; None where the guide does not rank it.

    >>> entry_of("weight_decay"), entry_of("lr"), entry_of("temperature")
    (('regularization weight', 'medium'), ('learning rate', 'high'), None)
    """
    bare = re.sub(r"[-_ ]", "", name.lower())
    return next(((entry, rank) for entry, rank, names in ENTRIES if re.fullmatch(names, bare)), None)
