"""The ladder: one file a rung, in the order in which they are climbed."""

from refkit.checks.data import DATA
from refkit.checks.forward import FORWARD
from refkit.checks.gradients import GRADIENTS
from refkit.checks.initialization import INITIALIZATION
from refkit.checks.loss import LOSS
from refkit.checks.metric import METRIC
from refkit.checks.overfit import OVERFIT
from refkit.checks.result import RESULT
from refkit.checks.runs import RUNS
from refkit.checks.structure import STRUCTURE
from refkit.checks.train_eval import TRAIN_EVAL
from refkit.checks.update import UPDATE

CHECKS = (RUNS, STRUCTURE, INITIALIZATION, FORWARD, TRAIN_EVAL, LOSS, GRADIENTS, UPDATE, DATA, METRIC, OVERFIT, RESULT)
