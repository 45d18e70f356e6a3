"""The ladder: one file a rung, in the order in which they are climbed."""

from refkit.checks.forward import FORWARD
from refkit.checks.loss import LOSS
from refkit.checks.structure import STRUCTURE

CHECKS = (STRUCTURE, FORWARD, LOSS)
