"""Gradient reversal's known results."""

from refkit.experiments.protocols.shifted_digits import adapt_with

PROTOCOLS = adapt_with(
    "gradient_reversal",
    "As in the paper, but with Adam at 3e-4; nothing was chosen by the target's labels. On so few digits the second "
    "network goes on telling the two kinds apart, and little is won.",
)
