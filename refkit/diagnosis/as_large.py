"""Known bugs that make a reference of another size exactly as large as yours: a layer left out, one layer twice."""

import dataclasses
import math
from collections.abc import Iterator

from refkit.diagnosis.bench import Bench, Side
from refkit.diagnosis.candidates import Candidate, bug_candidates
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.yours import Yours
from refkit.subjects.reference import constructor_text


def bugs_as_large(
    yours: Yours, bench: Bench, setting: Setting, rungs: tuple[str, ...], with_options: bool = False
) -> Iterator[tuple[Candidate, Side]]:
    """Every bug that changes how a reference at `setting` is built so that it has as many parameters as yours.

    Args:
        with_options: also those that come with an option which `setting` does not have: a normalisation that two layers share.
    """
    plain = bench.side(setting)
    total = sum(math.prod(leaf.shape) for leaf in yours.leaves)
    if plain is None or plain.size == total:
        return
    candidates = bug_candidates(bench, setting, rungs)
    if with_options:
        candidates += bug_candidates(bench, setting, rungs, with_options=True)
    for candidate in candidates:
        source = bench.source(candidate.setting)
        without = bench.source(dataclasses.replace(candidate.setting, bugs=setting.bugs))
        if source is None or without is None or constructor_text(source) == constructor_text(without):
            continue
        reference = bench.reference(source)
        if reference is None or sum(map(math.prod, reference.shapes)) != total:
            continue  # before anything of it is computed
        side = bench.side(candidate.setting)
        if side is not None:
            yield candidate, side
