"""What is wrong about a step only because the file says that something else is meant: clipping and weight decay."""

import io
import re
import tokenize
from collections.abc import Callable

import numpy as np

from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import key_of, summed
from refkit.diagnosis.steps.stepping import Moment

GLOBAL_NORM = re.compile(
    r"global[_ -]?norm|by[_ ]the[_ ]norm|total[_ ]norm|overall norm|norm of (all|the whole|the) gradient", re.I
)
DECOUPLED = re.compile(r"adam_?w\b|decoupled|loshchilov", re.I)


def intents(effects: Effects, source: str) -> list[Fault]:
    said = words_of(source)
    found = [clipped(effects, said), decayed(effects, said, source)]
    return [fault for fault in found if fault is not None]


def words_of(source: str) -> str:
    """Comments, texts and the names that the file itself makes, without what it calls of a library."""
    words = []
    try:
        before = ""
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.COMMENT, tokenize.STRING) or (token.type == tokenize.NAME and before != "."):
                words.append(token.string)
            before = token.string
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return ""
    return "\n".join(words)


def clipped(effects: Effects, said: str) -> Fault | None:
    """Gradients that are clipped leaf by leaf, or number by number, where the file speaks of their global norm."""
    if not GLOBAL_NORM.search(said) or effects.gradients(0) is None:
        return None
    hot = effects.stepping.run_inline(effects.moments[0], 0, key_of(0), heat="hot")
    gradients = summed(effects.whole(hot))
    if gradients is None:
        return None
    cold = effects.stepping.run_inline(effects.moments[0], 0, key_of(0), heat="cold")
    factors = []
    for k, gradient in enumerate(gradients):
        read = reader(effects, cold, k) if gradient.size > 3 else None
        if read is not None:
            factors.append(factor_of(read(hot), gradient, effects.moments[0].parameters[k]))
    if len(factors) < 2:
        return None
    if any(factor is None for factor in factors):
        return Fault(
            "clipped-per-parameter",
            "large gradients are clipped number by number, and the file speaks of their global norm",
        )
    if np.ptp(factors) > 1e-3 * np.abs(factors).max():
        return Fault(
            "clipped-per-parameter",
            "large gradients are clipped by each array's own norm, and the file speaks of the global one",
        )
    return None


def reader(effects: Effects, cold: Moment, k: int) -> Callable[[Moment], np.ndarray] | None:
    """Where a gradient too small to be clipped shows: in the optimizer's state or the update; None nowhere."""
    gradients = summed(effects.whole(cold))
    if gradients is None:
        return None
    parameter = effects.moments[0].parameters[k]
    for place in effects.moments_of_gradients:
        if (
            cold.memory[place].shape == parameter.shape
            and factor_of(cold.memory[place], gradients[k], parameter) is not None
        ):
            return lambda moment: moment.memory[place]
    update = lambda moment: moment.parameters[k] - parameter
    return update if factor_of(update(cold), gradients[k], parameter) is not None else None


def factor_of(value: np.ndarray, gradient: np.ndarray, parameter: np.ndarray) -> float | None:
    """What of a gradient is in a value, beside a share of the parameter; None where it is no one factor."""
    basis = np.stack([gradient.ravel(), parameter.ravel()], axis=1).astype(np.float64)
    lengths = np.linalg.norm(basis, axis=0)
    if not lengths.all() or not value.any():
        return None
    (share, of_parameter), *_ = np.linalg.lstsq(basis / lengths, value.ravel(), rcond=None)
    rest = value.ravel() - basis / lengths @ np.array([share, of_parameter])
    if np.abs(rest).max() > 1e-4 * np.abs(value).max() or abs(share) < 1e-6 * abs(of_parameter):
        return None
    return float(share / lengths[0])


def decayed(effects: Effects, said: str, source: str) -> Fault | None:
    """Weight decay that goes through the moments of Adam where the decoupled one is meant, or the other way round."""
    gradients = effects.gradients(0)
    if gradients is None:
        return None
    second = [place for place in effects.moments_of_gradients if (effects.moments[1].memory[place] >= 0).all()]
    if not second:
        return None
    shares = [share for k in range(len(gradients)) if (share := decay_share(effects, k, gradients[k])) is not None]
    through = [share for share in shares if abs(share) > 1e-7]
    if through and DECOUPLED.search(said):
        words = f"{through[0]:.3g} of every parameter goes through the moments, and the file speaks of decoupled decay"
        return Fault("l2-for-decoupled-decay", words)
    if shares and not through and re.search(r"adamw\([^)]*weight_decay\s*=\s*\w*l2\w*", source, re.I):
        return Fault("l2-for-decoupled-decay", "the decay bypasses the moments, and the file calls it an L2 penalty")
    return None


def decay_share(effects: Effects, k: int, gradient: np.ndarray) -> float | None:
    """How much of a parameter is in the first moment beside its gradient; None where none shows the gradient."""
    parameter = effects.moments[0].parameters[k].astype(np.float64)
    if parameter.size < 4:
        return None
    basis = np.stack([gradient.ravel(), parameter.ravel()], axis=1)
    for place in effects.moments_of_gradients:
        value = effects.moments[1].memory[place]
        if value.shape != parameter.shape:
            continue
        (of_gradient, of_parameter), *_ = np.linalg.lstsq(basis, value.ravel(), rcond=None)
        rest = value.ravel() - basis @ np.array([of_gradient, of_parameter])
        if of_gradient and np.abs(rest).max() <= 1e-6 * np.abs(value).max(initial=1e-300):
            return float(of_parameter / of_gradient)
    return None
