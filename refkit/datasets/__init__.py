"""The offline data sets: one file each, and this tuple."""

from refkit.datasets.adding_problem import AddingProblem
from refkit.datasets.breast_cancer import BreastCancer
from refkit.datasets.diabetes import Diabetes
from refkit.datasets.digits import Digits
from refkit.datasets.shapes_and_questions import ShapesAndQuestions

DATASETS = (Digits, BreastCancer, Diabetes, AddingProblem, ShapesAndQuestions)
