"""The report for machines: schema 1."""

import json
import math
import os
from pathlib import Path
from typing import Any

from refkit.errors import RefkitError
from refkit.report.finding import Finding, Report, Side
from refkit.report.place import relative_path

SCHEMA = 1


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain lists and dicts: every number finite, every file relative to where the command was run."""
    return {
        "schema": SCHEMA,
        "reference": relative_path(report.reference),
        "options": dict(report.options),
        "target": relative_path(report.target),
        "framework": report.framework,
        "verdict": report.verdict,
        "rungs": [{"name": rung.name, "status": rung.status, "reason": rung.reason} for rung in report.rungs],
        "findings": [finding_to_dict(finding) for finding in report.findings],
    }


def finding_to_dict(finding: Finding) -> dict[str, Any]:
    return {
        "rung": finding.rung,
        "kind": finding.kind,
        "id": finding.id,
        "candidates": [{"id": candidate.id} | numbers(distance=candidate.distance) for candidate in finding.candidates],
        "file": None if finding.file is None else relative_path(finding.file),
        "line": finding.line,
        "end_line": finding.end_line,
        "source": finding.source,
        "time_step": finding.time_step,
        "yours": side_to_dict(finding.yours),
        "reference": reference_to_dict(finding.reference),
        **numbers(max_abs=finding.max_abs, max_rel=finding.max_rel, allowed=finding.allowed),
        "message": finding.message,
        "help": finding.help,
    }


def side_to_dict(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {"dtype": side.dtype, "shape": list(side.shape)} | numbers(min=side.min, max=side.max)


def reference_to_dict(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    file = None if side.file is None else relative_path(side.file)
    return side_to_dict(side) | {"file": file, "line": side.line}


def numbers(**values: float | None) -> dict[str, Any]:
    """The numbers by name; those that are not finite as None, with `finite: False` beside them.

    >>> numbers(min=0.5, max=float("inf"))
    {'min': 0.5, 'max': None, 'finite': False}
    """
    known = {name: None if value is None else float(value) for name, value in values.items()}
    finite = {name: value if value is None or math.isfinite(value) else None for name, value in known.items()}
    return finite if finite == known else finite | {"finite": False}


def write(report: Report, path: str) -> None:
    """Write the report whole or not at all.

    Args:
        path: a file to make or to replace; a device or a pipe is written to as it is.

    Raises:
        RefkitError: if the path cannot be written.
    """
    text = json.dumps(to_dict(report), indent=2, allow_nan=False) + "\n"
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_text(text, encoding="utf-8")
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise RefkitError(unwritable(path, error.strerror)) from error


def require_writable(path: str) -> None:
    """Say at once, before any work is done, that the report will not fit there.

    Raises:
        RefkitError: if `path` is a folder, or in a folder that is not there or not writable.
    """
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise RefkitError(unwritable(path, "Is a directory"))
    if not os.path.isdir(folder):
        raise RefkitError(unwritable(path, "No such folder"))
    if not os.access(folder if not os.path.exists(path) else path, os.W_OK):
        raise RefkitError(unwritable(path, "Permission denied"))


def unwritable(path: str, reason: str | None) -> str:
    why = (reason or "unknown reason").lower()
    return f"`--json {path}` cannot be written ({why}); name a file in a folder that is there"
