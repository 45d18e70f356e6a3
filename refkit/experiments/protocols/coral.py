"""CORAL's known results."""

from refkit.experiments.protocols.shifted_digits import adapt_with

PROTOCOLS = adapt_with(
    "coral",
    "The weight, 10, was chosen by the target's labels on one seed of the rotated digits; who adapts has none.",
)
