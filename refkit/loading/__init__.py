"""Loading a TARGET safely: its definitions are taken, and nothing else of it is run."""

import difflib

from refkit.errors import RefkitError
from refkit.loading.candidates import candidate_classes, pair_names
from refkit.loading.failures import Unavailable, say_error, user_line
from refkit.loading.loaded import Loaded
from refkit.loading.location import locate
from refkit.loading.program import Program

__all__ = ["Loaded", "Unavailable", "load", "say_error", "user_line"]


def load(
    spec: str, *, wanted: tuple[str, ...] = (), limit_s: float = 60, roles: dict[str, str] | None = None
) -> Loaded:
    """Takes the definitions of a TARGET, with what they need, and runs nothing else of it.

    Args:
        spec: `path/to/file.py`, `path/to/file.py:Name`, `package.module` or `package.module:Name`.
        wanted: further names that must be there.
        limit_s: how long the TARGET's code may run.
        roles: names given for its parts, such as `{"loss": "my_loss"}`; they must be there.

    Raises:
        RefkitError: there is no such file or name, it is not Python, or its definitions raise or take too long.
    """
    location = locate(spec)
    program = Program(location, limit_s)
    target = program.target
    loaded = Loaded(
        target.module,
        location.file,
        location.shown,
        target.source.text,
        target.source.tree,
        location.name,
        dict(roles or {}),
        program,
    )
    with program.running():
        for name in (*pair_names(location.name), *wanted, *loaded.roles.values()):
            _have(loaded, name.split(".")[0])
        if not location.name:
            for candidate in candidate_classes(target):
                _have(loaded, candidate, f"; mend that line, or name another model, as in `{location.shown}:Name`")
    return loaded


def _have(loaded: Loaded, name: str, cure: str = "; mend that line first") -> None:
    target = loaded.program.target
    try:
        target.value(name)
    except KeyError:
        near = difflib.get_close_matches(name, target.writers, n=1)
        listed = f"did you mean `{near[0]}`?" if near else f"it has {loaded.list_names()}"
        raise RefkitError(f"`{loaded.shown}` has no `{name}`: {listed}") from None
    except Unavailable as error:
        raise RefkitError(f"`{name}` of `{loaded.shown}` could not be had: {error.reason}{cure}") from None
    target.run_for(name)
