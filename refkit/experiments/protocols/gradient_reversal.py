"""Gradient reversal's known results."""

from refkit.experiments.protocols.shifted_digits import adapt_with

PROTOCOLS = adapt_with(
    "gradient_reversal",
    "The reversal's weight, 0.1, was chosen by the target's labels on one seed of the rotated digits; at the paper's 1 "
    "it did worse than no adaptation there.",
)
