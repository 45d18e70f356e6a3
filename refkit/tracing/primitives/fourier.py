"""Fourier transforms over the last axes."""

import numpy as np

TRANSFORMS = {"FFT": np.fft.fftn, "IFFT": np.fft.ifftn, "RFFT": np.fft.rfftn, "IRFFT": np.fft.irfftn}


def _fft(inputs, params, avals, wide):
    kind, lengths = params["fft_type"], params["fft_lengths"]
    if not lengths:
        return [inputs[0]]
    transform = TRANSFORMS[kind.name if hasattr(kind, "name") else str(kind).upper()]
    return [transform(inputs[0], s=lengths, axes=tuple(range(-len(lengths), 0)))]


RULES = {"fft": _fft}
