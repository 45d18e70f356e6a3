"""What refkit knows about each reference besides its text: its inputs, its outputs, and how to read sizes off parameters."""

from refkit.subjects.lenet import LENET
from refkit.subjects.lstm import LSTM
from refkit.subjects.mlp import MLP
from refkit.subjects.multimodal import MULTIMODAL

SUBJECTS = (MLP, LENET, LSTM, MULTIMODAL)
BY_NAME = {subject.name: subject for subject in SUBJECTS}
