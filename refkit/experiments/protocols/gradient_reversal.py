"""Gradient reversal's known results."""

from refkit.experiments.protocols.shifted_digits import adapt_with

PROTOCOLS = adapt_with(
    "gradient_reversal",
    "As in the paper, but with Adam at 3e-4 (1e-3 on MNIST); nothing was chosen by the target's labels. The second network "
    "goes on telling the two kinds apart (85 % of the pictures of rotated MNIST, one seed), and nothing is won.",
)
