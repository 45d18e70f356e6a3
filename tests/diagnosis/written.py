"""Small programs of a user's, written to files and compared with one that is trusted."""

from pathlib import Path

import refkit
from refkit.report.finding import Finding, Report

TRUSTED = '''"""A classifier in plain JAX."""
import jax
import jax.numpy as jnp


def init_params(key):
    first, second = jax.random.split(key)
    return {
        "w1": jax.random.normal(first, (30, 8)) * 0.2, "b1": jnp.zeros(8),
        "w2": jax.random.normal(second, (8, 3)) * 0.3, "b2": jnp.zeros(3),
    }


def forward(params, x):
    hidden = x @ params["w1"] + params["b1"]
    hidden = jnp.tanh(hidden)
    logits = hidden @ params["w2"] + params["b2"]
    return logits


def loss_fn(params, x, y):
    logits = forward(params, x)
    logs = jax.nn.log_softmax(logits)
    picked = jnp.take_along_axis(logs, y[:, None], axis=1)
    return -picked.mean()
'''


def rewritten(source: str, *edits: tuple[str, str]) -> str:
    """`source` with each text, which occurs once, replaced."""
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def compared(folder: Path, yours: str, trusted: str = TRUSTED, **how) -> Report:
    (folder / "trusted.py").write_text(trusted, encoding="utf-8")
    (folder / "mine.py").write_text(yours, encoding="utf-8")
    return refkit.compare(str(folder / "mine.py"), str(folder / "trusted.py"), **how)


def line_with(source: str, text: str) -> int:
    (found,) = [k for k, line in enumerate(source.splitlines(), start=1) if text in line]
    return found


def wrong(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.kind != "choice"]
