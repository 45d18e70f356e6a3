"""Running a program's own training with listeners in the place of its steps and scores, until they have seen enough."""

import functools

import jax

from refkit.adapters.loss_modes import missing_model
from refkit.adapters.own_training.beginning import Beginning, beginning
from refkit.adapters.own_training.calls import Training
from refkit.adapters.own_training.cheap_starts import cheap_code, cheap_starts
from refkit.adapters.own_training.listener import Enough, Hearing
from refkit.adapters.own_training.placing import listened_to, listening
from refkit.adapters.own_training.stations import Stations
from refkit.adapters.parts.old_optimizer import old_optimizer
from refkit.adapters.parts.sources import modules_of, recorded
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part


def adapt_own_training(surroundings: Surroundings) -> Part:
    """`run()` runs the program's main part, a `Training`; `run.heard()` gives that of the first run again."""
    begin = beginning(surroundings)
    if begin is None:
        return Part("train", lacking="no training is found that can be run by itself")
    stations = Stations(surroundings.evidence.tree)
    if not stations.has_named_steps and not stations.loops:
        return Part(
            "train", begin.name, line=begin.line, lacking=f"`{begin.name}` calls no training step that has a name"
        )
    kept: list[Training] = []

    def run() -> Training:
        return heard_of(surroundings, stations, begin, kept)

    run.heard = lambda: kept[0] if kept else run()
    return Part("train", begin.name, run, begin.line)


def heard_of(surroundings: Surroundings, stations: Stations, begin: Beginning, kept: list[Training]) -> Training:
    """What is heard of one run.

    Args:
        kept: takes it, also where it ends by running out of time.
    """
    loaded, evidence = surroundings.loaded, surroundings.evidence
    old, own = old_optimizer(evidence.source), missing_model(evidence, surroundings.call)
    with recorded(modules_of(loaded), "sklearn" in loaded.source) as read, old, own, cheap_code():
        hearing = Hearing(surroundings, stations, read)
        heard = hearing.training
        rhythm = heard.rhythm.listening(loaded.module.__dict__, loaded.file)
        try:
            with hearing.forward.replaced(), listening(hearing), rhythm, cheap_starts(lambda: hearing.forward.waiting):
                heard.error = ends(
                    functools.partial(begin.run, surroundings, functools.partial(listened_to, hearing=hearing))
                )
                if heard.first is not None and heard.first.looped:
                    look_within(hearing)
        finally:
            kept.append(heard)
    return heard


def ends(run: functools.partial) -> BaseException | None:
    """Runs the program; what it raised, if anything."""
    try:
        run()
    except Enough:
        return None
    except (Exception, SystemExit) as raised:  # noqa: BLE001: a stand-in for a step's results may not suit what follows
        return raised
    return None


def look_within(hearing: Hearing) -> None:
    """Of an epoch that is one scan, has the first step in it heard, where it can be had by itself."""
    outer = hearing.training.first
    hearing.around = []
    with jax.disable_jit():  # some programs run only when they are compiled: then it is the epoch that was heard
        ends(functools.partial(outer.function, *outer.positional, **outer.named))
