"""A part of a TARGET that was found by its name or its kind."""

import dataclasses
from typing import Any

from refkit.loading.stubs import stubbed_base

FRAMEWORK_MODULES = (
    ("flax.nnx", "nnx"),
    ("flax.linen", "linen"),
    ("equinox", "other"),
    ("haiku", "other"),
    ("torch", "other"),
    ("keras", "other"),
    ("tensorflow", "other"),
)


@dataclasses.dataclass(frozen=True)
class Found:
    """A model or another part of a TARGET.

    Args:
        name: what the file calls it: `LeNet`, or `init_params/forward` for a pair.
        kind: of a model `nnx`, `linen`, `functions`, `implementation` or `other`; of any other part its role, or
            `closure` for a loss that a train step differentiates inside itself.
        objects: a model's class or instance, or its pair `(init, apply)`, where `init` may also be the parameters
            themselves; of any other part the object (`(init, update, get_params)` for such an optimizer, the train step
            for a closure).
        line: 1-based line of the file on which it is bound, 0 if in none.
    """

    name: str
    kind: str
    objects: tuple[Any, ...]
    line: int

    @property
    def object(self) -> Any:
        """The only or the last object: a pair's apply."""
        return self.objects[-1]


def module_kind(thing: Any) -> str | None:
    """The kind of a framework's module, class or instance, or of a `refkit.Implementation`; None for anything else."""
    cls = thing if isinstance(thing, type) else type(thing)
    if cls.__name__ == "Implementation" and cls.__module__.startswith("refkit."):
        return "implementation" if thing is not cls else None
    if stubbed_base(cls):
        return "other"
    for base in cls.__mro__:
        for package, kind in FRAMEWORK_MODULES:
            inside = base.__module__ == package or base.__module__.startswith(f"{package}.")
            if inside and base.__name__ in ("Module", "Model", "Layer"):
                return kind
    return None


def framework_class(thing: Any) -> str:
    """The framework's class that a model of kind `other` derives from, such as `torch.nn.Module`."""
    cls = thing if isinstance(thing, type) else type(thing)
    if stub := stubbed_base(cls):
        return stub
    names = [f"{base.__module__.split('.')[0]}.{base.__name__}" for base in cls.__mro__]
    packages = {package for package, _ in FRAMEWORK_MODULES}
    return next((name for name in reversed(names) if name.split(".")[0] in packages), names[0])
