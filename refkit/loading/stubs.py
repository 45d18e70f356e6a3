"""Harmless stand-ins for what is not installed: anything may be done with them, and nothing comes of it."""

from typing import Any


class _StubType(type):
    """Answers for class attributes that the real base would have had."""

    def __getattr__(cls, name: str) -> Any:
        if _is_dunder(name):
            raise AttributeError(name)
        return Stub(f"{cls.__name__}.{name}")


class StubBase(metaclass=_StubType):
    """What a class inherits from where its real base is not installed.

    Args:
        *args: anything.
        **kwargs: anything.
    """

    stubbed: str = ""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __getattr__(self, name: str) -> Any:
        if _is_dunder(name):
            raise AttributeError(name)
        return Stub(f"{type(self).__name__}.{name}")


class Stub:
    """An object of a package that is not installed: decorator, base class, call, context manager, empty iterable.

    Args:
        path: what it stands for, such as `torchvision.transforms`.
    """

    def __init__(self, path: str):
        self._path = path

    def __getattr__(self, name: str) -> "Stub":
        if _is_dunder(name):
            raise AttributeError(name)
        return Stub(f"{self._path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and callable(args[0]) and not isinstance(args[0], Stub):
            return args[0]
        return Stub(f"{self._path}()")

    def __mro_entries__(self, bases: tuple) -> tuple:
        others = [base for base in bases if not isinstance(base, Stub)]
        if others or next(base for base in bases if isinstance(base, Stub)) is not self:
            return ()
        return (_StubType("StubBase", (StubBase,), {"stubbed": self._path}),)

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __subclasscheck__(self, subclass: type) -> bool:
        return False

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *error: Any) -> bool:
        return False

    def __iter__(self):
        return iter(())

    def __next__(self):
        raise StopIteration

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __contains__(self, item: Any) -> bool:
        return False

    def __getitem__(self, key: Any) -> "Stub":
        return Stub(f"{self._path}[…]")

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __float__(self) -> float:
        return 0.0

    def __int__(self) -> int:
        return 0

    def __format__(self, spec: str) -> str:
        return ""

    def __repr__(self) -> str:
        return f"<stub {self._path}>"


def _operate(self: Stub, *others: Any) -> Stub:
    return self


def _compare(self: Stub, other: Any) -> bool:
    return False


for _name in "add sub mul matmul truediv floordiv mod pow and or xor lshift rshift".split():
    setattr(Stub, f"__{_name}__", _operate)
    setattr(Stub, f"__r{_name}__", _operate)
for _name in "neg pos abs invert".split():
    setattr(Stub, f"__{_name}__", _operate)
for _name in "lt le gt ge".split():
    setattr(Stub, f"__{_name}__", _compare)


def stubbed_base(cls: type) -> str | None:
    """What stub a class inherits from, such as `torch.nn.Module`, or None."""
    return next((base.__dict__["stubbed"] for base in cls.__mro__ if base.__dict__.get("stubbed")), None)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
