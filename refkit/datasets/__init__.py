"""The data sets that TFDS lacks, and the views of those that it has: one file each, and these tuples."""

from refkit.datasets.adding_problem import AddingProblem
from refkit.datasets.breast_cancer import BreastCancer
from refkit.datasets.diabetes import Diabetes
from refkit.datasets.digits import Digits
from refkit.datasets.digits_features import DigitsFeatures
from refkit.datasets.easy_vqa import EasyVqa
from refkit.datasets.mnist_rows import MNIST_ROWS
from refkit.datasets.shakespeare_characters import SHAKESPEARE_CHARACTERS
from refkit.datasets.shapes_and_questions import ShapesAndQuestions
from refkit.datasets.sort_of_clevr import SortOfClevr
from refkit.datasets.temporal_order import TemporalOrder
from refkit.datasets.uci_regression import UciRegression
from refkit.datasets.wine import Wine

DATASETS = (
    Digits,
    DigitsFeatures,
    BreastCancer,
    Wine,
    Diabetes,
    AddingProblem,
    TemporalOrder,
    ShapesAndQuestions,
    SortOfClevr,
    UciRegression,
    EasyVqa,
)
VIEWS = (MNIST_ROWS, SHAKESPEARE_CHARACTERS)
