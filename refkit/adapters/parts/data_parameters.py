"""What the parameters of a function on data are meant for, by their names."""

import dis
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

ROLES = {
    "batch_size": r"(mini_?)?batch_?size|bs|size|b|mb(_?size)?|n_?batch|per_batch|batch_?len|bsz",
    "random": r"seed|key|rng|prng.*|random_state|generator|rs|.*_(rng|key|seed)|(rng|key|seed)_.*|rng_?key"
    r"|random|gen|state",
    "epoch": r"epoch(_?(idx|index|number|nr|no|id))?|ep",
    "epochs": r"(num_?|n_?|max_?)epochs|epochs|count|repeats?|num_steps|n_steps|steps",
    "training": r"(is_?)?(train|training)|train(ing)?_?mode|augment(ation)?|aug|do_augment",
    "shuffle": r"shuffle(d)?",
    "drop": r"drop_?(last|remainder|rest)?|keep_?last",
    "train_labels": r"(y|labels?|targets?)_?tr(ain(ing)?)?|train(ing)?_(y|labels?|targets?)|ytr|ytrain",
    "test_labels": r"(y|labels?|targets?)_?(te(st)?|val(id)?|dev)|(test|val)_(y|labels?|targets?)|yte|ytest",
    "train": r"(x|inputs?|features?|data|images?)_?tr(ain(ing)?)?|tr(ain(ing)?)?_?"
    r"(x|inputs?|features?|data|images?|set|arrays?)?"
    r"|ref(erence)?(_x|_data)?|fit(ted)?_?(on|to|data|x)|stats?_(from|of|x)|basis|base|xtr|xtrain",
    "test": r"(x|inputs?|features?|data)_?(te(st)?|val(id)?|dev|eval)|(te(st)?|val(id)?|dev|eval)_?"
    r"(x|inputs?|features?|data|set)?"
    r"|others?|rest|held_?out|xte|xtest",
    "statistics": r"stat(istic)?s|moments|scaler|norm(alizer|aliser|ali[sz]ation)?(_stats)?",
    "mean": r"(x_?|feature_?|train_?)?(mean|mu|average|avg|cent(er|re)|loc(ation)?)s?(_?(x|train))?|m",
    "deviation": r"(x_?|feature_?|train_?)?(std|sigma|sd|dev(iation)?|scale|spread|stddev|stdev)s?(_?(x|train))?|s",
    "fraction": r"(test|train|val)_?(size|fraction|frac|ratio|share|part)|fraction|frac|ratio|share|split|holdout",
    "count": r"n_?(train|test|examples|samples)|num_(train|test|examples)",
    "labels": r"ys?|labels?|targets?|answers?|t|lbls?|classes|ybs?|y_(all|full|data)|labs?|target_?s?",
    "words": r"words?|tokens?|ids|questions?|texts?|sentences?|captions?|input_ids|token_ids|q|qs|txt",
    "images": r"images?|imgs?|pictures?|pixels|pics?|im",
    "x": r"xs?|inputs?|features?|arrays?|raw|values|arr|a|v|z|seqs?|sequences?|series|table|matrix"
    r"|columns|xb|x_(all|full|data|raw)"
    r"|raw_.*|batch_x|u8|uint8.*|bytes_?|grey|gray",
    "batch": r"data(set)?|ds|batch|examples?|samples?|records?|element|d|row|item|split_?data|arrays|dictionary|pair",
}
DATA = ("x", "images", "words", "labels", "batch", "train", "test", "train_labels", "test_labels")
Kind = inspect.Parameter


def role_of(name: str) -> str:
    """The role of a parameter; empty where its name says none.

    >>> role_of("X_train"), role_of("bs"), role_of("prng_key"), role_of("foo")
    ('train', 'batch_size', 'random', '')
    """
    word = name.lower().strip("_")
    return next((role for role, pattern in ROLES.items() if re.fullmatch(pattern, word)), "")


def parameters_of(function: Callable) -> list[inspect.Parameter] | None:
    """A function's parameters without `self`; None where they cannot be had."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    return [parameter for parameter in found if parameter.kind is not Kind.VAR_KEYWORD]


def roles_of(function: Callable) -> dict[str, str]:
    """The role of every parameter by its name."""
    roles = {parameter.name: role_of(parameter.name) for parameter in parameters_of(function) or ()}
    for parameter in parameters_of(function) or ():
        if roles[parameter.name] == "training" and not is_flag(function, parameter):
            roles[parameter.name] = "train"
    return roles


def is_flag(function: Callable, parameter: inspect.Parameter) -> bool:
    """Whether a parameter called like `train` says how to run, rather than holding training examples."""
    if parameter.default is not Kind.empty or parameter.annotation in (bool, "bool"):
        return True
    if parameter.annotation is not Kind.empty:
        return False
    code = getattr(inspect.unwrap(function), "__code__", None)
    steps = list(dis.get_instructions(code)) if code is not None else []
    return any(
        step.argval == parameter.name and after.opname.startswith(("POP_JUMP", "UNARY_NOT", "JUMP_IF"))
        for step, after in zip(steps, steps[1:])
    )


def randoms(seed: int) -> tuple[Callable[[], Any], ...]:
    """What a source of randomness may be handed over as, made anew for every call."""
    return (
        functools.partial(np.random.default_rng, seed),
        functools.partial(np.random.RandomState, seed),
        functools.partial(jax.random.key, seed),
        functools.partial(jax.random.PRNGKey, seed),
        lambda: seed,
    )


def likely_randoms(name: str, seed: int) -> tuple[Callable[[], Any], ...]:
    """The same, the likeliest by the parameter's name first."""
    numpy_new, numpy_old, key, old_key, number = randoms(seed)
    word = name.lower()
    if "key" in word:
        return key, old_key, numpy_new, number
    if "seed" in word or word in ("random_state", "state"):
        return number, numpy_old, numpy_new, key
    return numpy_new, numpy_old, key, old_key, number


def ways(function: Callable, given: dict[str, Any], seed: int) -> Iterator[tuple[list, dict]]:
    """Arguments for a call: positional ones and those by name.

    Args:
        function: takes data.
        given: by role; a parameter without default takes its role's, one with a default for the roles below.
        seed: what randomness comes from.
    """
    parameters = parameters_of(function)
    if parameters is None:
        return
    roles = roles_of(function)
    random = next((p for p in parameters if roles[p.name] == "random" and p.kind is not Kind.VAR_POSITIONAL), None)
    for make in likely_randoms(random.name, seed) if random is not None else (None,):
        values = dict(given) | ({"random": make()} if make is not None else {})
        bound = bind(parameters, values, roles)
        if bound is not None:
            yield bound


def bind(
    parameters: list[inspect.Parameter], values: dict[str, Any], roles: dict[str, str]
) -> tuple[list, dict] | None:
    """Each parameter with the value of its role; None where one has neither value nor default."""
    positional, named, used = [], {}, set()
    for parameter in parameters:
        role = roles[parameter.name]
        if parameter.kind is Kind.VAR_POSITIONAL:
            rest = [values[r] for r in ("test",) if r in values and r not in used] if role == "test" else []
            positional += rest
            continue
        role = role if role in values and role not in used else stand_in(parameter, role, values, used)
        if role and (
            parameter.default is Kind.empty or role in TAKES_BESIDES_DEFAULT or role in values.get("also", ())
        ):
            used.add(role)
            value = values[role]
        elif parameter.default is not Kind.empty:
            value = parameter.default
        else:
            return None
        if parameter.kind is Kind.KEYWORD_ONLY:
            named[parameter.name] = value
        else:
            positional.append(value)
    return positional, named


TAKES_BESIDES_DEFAULT = (
    "batch_size",
    "random",
    "epoch",
    "epochs",
    "training",
    "train",
    "mean",
    "deviation",
    "statistics",
)
ALSO = {
    "x": ("x", "images", "batch", "words", "train"),
    "images": ("images", "x", "batch"),
    "words": ("words", "x"),
    "batch": ("batch", "x", "images"),
    "train": ("train", "x"),
    "test": ("test",),
    "labels": ("labels",),
    "train_labels": ("labels",),
    "": ("x", "images", "labels"),
}


def stand_in(parameter: inspect.Parameter, role: str, values: dict[str, Any], used: set[str]) -> str:
    """Another role whose value a parameter takes where its own has none; empty where none fits."""
    if parameter.default is not Kind.empty:
        return role if role in values and role not in used else ""
    return next((other for other in ALSO.get(role, ()) if other in values and other not in used), "")
