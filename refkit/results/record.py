"""The records of a known result: what each seed reached, what stands beside it, and how it was made."""

import dataclasses

import numpy as np

from refkit.results.statistics import Summary, summarise

HIGHER, LOWER = "higher", "lower"
READ = "read in the source"
TRANSCRIBED = "in a third party's transcription"
UNCONFIRMED = "from memory, unconfirmed"
# The field guide's order of trust, the most trusted first.
TIERS = (
    "official implementation on the same data",
    "official implementation on a benchmark",
    "unofficial implementation",
    "a paper without code",
    "the same model on a benchmark",
    "a similar model on similar data",
    "a simple baseline",
)


@dataclasses.dataclass(frozen=True)
class Published:
    """A figure that somebody else has reported.

    Args:
        name: of the method, and who: `LeNet-5, LeCun et al. 1998`.
        figure: in the unit of the result's metric.
        source: where it stands.
        sure: how sure we are of it: READ, TRANSCRIBED or UNCONFIRMED.
        tier: one of TIERS.
        spread: standard error over splits; None where none is given.
        note: what differs from our protocol.
    """

    name: str
    figure: float
    source: str
    sure: str
    tier: str
    spread: float | None = None
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Metric:
    """What is measured on the test examples.

    Args:
        name: `accuracy`.
        better: HIGHER or LOWER.
        unit: `nats`; empty for a share.
    """

    name: str
    better: str = HIGHER
    unit: str = ""

    def best(self, first: float, second: float) -> float:
        return max(first, second) if self.better == HIGHER else min(first, second)


@dataclasses.dataclass(frozen=True)
class Run:
    """One seed.

    Args:
        value: of the metric at the end.
        curve: of the metric at every evaluation.
        seconds: that it took.
        more: other figures by name, such as the sequences until the problem was solved.
    """

    value: float
    curve: tuple[float, ...] = ()
    seconds: float = 0.0
    more: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Made:
    """How a result was made.

    Args:
        command: that makes it again.
        protocol: fingerprint of the reference's text and of everything that the protocol sets: seeds of another one do
            not belong to it.
        commit: of refkit, when the last seed was added.
        versions: of Python and of the packages that decide numbers.
        device: the machine.
    """

    command: str
    protocol: str
    commit: str
    versions: dict[str, str]
    device: str


@dataclasses.dataclass(frozen=True)
class Result:
    """A known result.

    Args:
        reference: `lenet`.
        data: `mnist`, as `--data` takes it.
        task: one sentence: sizes, optimizer, budget.
        metric: what is measured.
        evaluated: after how many epochs, or sequences, each point of a curve was taken, and which of the two.
        runs: by seed.
        baselines: what simple answers reach, by name.
        published: figures of others.
        made: how.
        note: why ours and a published figure differ, and what else there is to know.
    """

    reference: str
    data: str
    task: str
    metric: Metric
    evaluated: tuple[str, tuple[float, ...]]
    runs: dict[int, Run]
    baselines: dict[str, float]
    published: tuple[Published, ...]
    made: Made
    note: str = ""

    @property
    def values(self) -> np.ndarray:
        """`f64[seeds]`."""
        return np.array([self.runs[seed].value for seed in sorted(self.runs)])

    @property
    def curves(self) -> np.ndarray:
        """`f64[seeds, evaluations]`; a run that ended early stays where it ended."""
        longest = max((len(run.curve) for run in self.runs.values()), default=0)
        rows = [(*run.curve, *[run.value] * (longest - len(run.curve))) for _, run in sorted(self.runs.items())]
        return np.array(rows, float).reshape(len(rows), longest)

    @property
    def summary(self) -> Summary:
        return summarise(self.values)

    @property
    def best_baseline(self) -> tuple[str, float] | None:
        """Name and value of the baseline that is hardest to beat."""
        if not self.baselines:
            return None
        sign = 1 if self.metric.better == HIGHER else -1
        return max(self.baselines.items(), key=lambda item: sign * item[1])
