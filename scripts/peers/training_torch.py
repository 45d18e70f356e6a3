"""The references in PyTorch, trained on the same sizes: `python scripts/peers/training_torch.py eager|compile REFERENCE`.

`scripts/benchmark.py training` calls it; it prints the same line of JSON as `refkit.benchmarks.training_ways`.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

STEPS, ROUNDS, LONG = 32, 5, 0.4
BATCH = {"mlp": 32, "lenet": 64, "lstm": 32, "multimodal": 32}


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.outputs = nn.Linear(30, 64), nn.Linear(64, 2)

    def forward(self, x):
        return self.outputs(F.relu(self.hidden(x)))


class Pictures(nn.Module):
    """LeNet's two convolutions and poolings."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)

    def forward(self, x):
        x = F.avg_pool2d(F.relu(self.conv1(x)), 2)
        return F.avg_pool2d(F.relu(self.conv2(x)), 2).flatten(1)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.pictures = Pictures()
        self.dense = nn.Sequential(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

    def forward(self, x):
        return self.dense(self.pictures(x))


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.outputs = nn.LSTM(2, 128, batch_first=True), nn.Linear(128, 1)

    def forward(self, x):
        return self.outputs(self.lstm(x)[0][:, -1])


class Multimodal(nn.Module):
    def __init__(self):
        super().__init__()
        self.pictures, self.embedding = Pictures(), nn.Embedding(14, 32)
        self.lstm = nn.LSTM(32, 64, batch_first=True)
        self.dense = nn.Sequential(nn.Linear(464, 128), nn.ReLU(), nn.Linear(128, 5))

    def forward(self, image, words):
        told = self.lstm(self.embedding(words))[0][:, -1]
        return self.dense(torch.cat([self.pictures(image), told], 1))


def batches(reference):
    """Inputs and targets of `STEPS` batches."""
    size = BATCH[reference]
    pictures = lambda: torch.randn(size, 1, 28, 28)
    make = {
        "mlp": lambda: ((torch.randn(size, 30),), torch.randint(2, (size,))),
        "lenet": lambda: ((pictures(),), torch.randint(10, (size,))),
        "lstm": lambda: ((torch.randn(size, 50, 2),), torch.randn(size, 1)),
        "multimodal": lambda: ((pictures(), torch.randint(14, (size, 8))), torch.randint(5, (size,))),
    }[reference]
    return [make() for _ in range(STEPS)]


def main():
    way, reference = sys.argv[1:3]
    torch.manual_seed(0)
    model = {"mlp": MLP, "lenet": LeNet, "lstm": LSTM, "multimodal": Multimodal}[reference]()
    forward = torch.compile(model) if way == "compile" else model
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    loss_of = F.mse_loss if reference == "lstm" else F.cross_entropy
    every = batches(reference)

    def once():
        for inputs, targets in every:
            optimizer.zero_grad()
            loss_of(forward(*inputs), targets).backward()
            optimizer.step()

    began = time.perf_counter()
    once()
    first = time.perf_counter() - began
    began = time.perf_counter()
    once()
    times = max(1, round(LONG / (time.perf_counter() - began)))
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(times):
            once()
        rates.append(times * STEPS * BATCH[reference] / (time.perf_counter() - began))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rates": rates, "first": first, "megabytes": megabytes, "floating": 0.0}))


if __name__ == "__main__":
    main()
