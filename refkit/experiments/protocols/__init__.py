"""Every experiment whose result is known, by reference; the first of each runs on data that is always there."""

from refkit.errors import RefkitError
from refkit.experiments.protocol import Protocol
from refkit.experiments.protocols import coral, gradient_reversal, lenet, lstm, mlp, multimodal

MODULES = (mlp, lenet, lstm, multimodal, coral, gradient_reversal)
BY_REFERENCE = {module.PROTOCOLS[0].reference: module.PROTOCOLS for module in MODULES}


def find_protocol(reference: str, data: str | None = None) -> Protocol:
    """The experiment on a data set; the offline default without one.

    Raises:
        RefkitError: no such reference or data set.
    """
    if reference not in BY_REFERENCE:
        raise RefkitError(f"no reference is called `{reference}`; give one of {listed(BY_REFERENCE)}")
    known = {protocol.data: protocol for protocol in BY_REFERENCE[reference]}
    if data is None:
        return BY_REFERENCE[reference][0]
    if data not in known:
        raise RefkitError(f"`{reference}` has no experiment on `{data}`; it has them on {listed(known)}")
    return known[data]


def listed(names) -> str:
    return ", ".join(f"`{name}`" for name in names)
