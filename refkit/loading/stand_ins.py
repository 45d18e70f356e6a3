"""Stand-ins that keep a program's defaults where the real package would read our command line, or is not there."""

import argparse
import types
from typing import Any

from refkit.loading.stubs import Stub
from refkit.loading.tfds_stand_in import TfdsStandIn


class Overlay(types.ModuleType):
    """A module seen through a few replaced attributes; the module itself stays as it is.

    Args:
        module: what is seen.
        **replaced: attributes shown in place of its own.
    """

    def __init__(self, module: Any, **replaced: Any):
        super().__init__(getattr(module, "__name__", "overlay"))
        self.__dict__.update(replaced, _module=module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_module"], name)


class DefaultsParser(argparse.ArgumentParser):
    """An argument parser that sees no command line: every argument has its default."""

    def parse_known_args(self, args=None, namespace=None):
        """Parses `args` where the program gives them, else nothing."""
        if args is None:
            for action in self._actions:
                action.required = False
        return super().parse_known_args([] if args is None else args, namespace)


class Flags(dict):
    """absl's FLAGS holding defaults, read as attributes."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"no flag `{name}` is defined")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __call__(self, argv=(), **kwargs: Any) -> list[str]:
        return list(argv)[:1]


class FlagHolder:
    """What absl's `DEFINE_…` gives back.

    Args:
        flags: where the value is kept.
        name: the flag's name.
        default: its default.
    """

    def __init__(self, flags: Flags, name: str, default: Any):
        self._flags, self.name, self.default = flags, name, default

    @property
    def value(self) -> Any:
        """The flag's value."""
        return self._flags[self.name]


class AbslFlags(types.ModuleType):
    """`absl.flags` for one program: any `DEFINE_…` keeps its default."""

    def __init__(self):
        super().__init__("absl.flags")
        self.FLAGS = Flags()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("DEFINE"):
            if name.startswith("__"):
                raise AttributeError(name)
            return Stub(f"absl.flags.{name}")

        def define(flag: str, default: Any = None, *args: Any, **kwargs: Any) -> FlagHolder:
            if name == "DEFINE_list" and isinstance(default, str):
                default = default.split(",")
            self.FLAGS[flag] = default
            return FlagHolder(self.FLAGS, flag, default)

        return define


class ConfigDict(dict):
    """A dict whose items are read and written as attributes, nested ones too.

    Args:
        initial: the first items.
        **kwargs: more of them.
    """

    def __init__(self, initial: Any = (), **kwargs: Any):
        super().__init__()
        for name, value in dict(initial, **kwargs).items():
            self[name] = ConfigDict(value) if type(value) is dict else value

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in ("lock", "unlock"):
            return lambda *args, **kwargs: self
        raise AttributeError(f"the config has no `{name}`")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def to_dict(self) -> dict:
        """Itself as a plain dict."""
        return {name: value.to_dict() if isinstance(value, ConfigDict) else value for name, value in self.items()}


def stand_in(package: str) -> Any | None:
    """A fresh stand-in to use whether or not the package is installed, or None."""
    if package == "argparse":
        return Overlay(argparse, ArgumentParser=DefaultsParser)
    if package == "absl":
        return Overlay(Stub("absl"), flags=AbslFlags())
    if package == "tensorflow_datasets":
        return TfdsStandIn()
    return None


def replacement(package: str) -> Any:
    """A stand-in for a package that is not installed."""
    if package == "ml_collections":
        kinds = {"ConfigDict": ConfigDict, "FrozenConfigDict": ConfigDict, "placeholder": lambda *_: None}
        return Overlay(Stub(package), config_dict=Overlay(Stub("ml_collections.config_dict"), **kinds), **kinds)
    if package == "tqdm":
        progress = _Progress()
        versions = {
            version: Overlay(Stub("tqdm"), tqdm=progress, trange=range) for version in ("auto", "notebook", "std")
        }
        return Overlay(Stub(package), tqdm=progress, trange=range, **versions)
    return Stub(package)


class _Progress:
    """tqdm without a bar."""

    def __call__(self, iterable: Any = (), *args: Any, **kwargs: Any) -> Any:
        return _Bar(iterable)

    write = staticmethod(lambda *args, **kwargs: None)


class _Bar(Stub):
    def __init__(self, iterable: Any):
        super().__init__("tqdm()")
        self._iterable = iterable

    def __iter__(self):
        return iter(self._iterable)

    def __len__(self) -> int:
        return len(self._iterable)
