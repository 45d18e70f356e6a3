"""The rung `initialization`: how each of your parameters begins, beside the reference's."""

import linecache

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.known import known_bug
from refkit.checks.matter import Matter
from refkit.diagnosis.blame import statement_lines
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.starts.chosen import Chosen, chosen_starts
from refkit.diagnosis.starts.faulty import Fault, ease, faulty_starts
from refkit.diagnosis.starts.initial import Draws, Portion, portions, your_draws
from refkit.diagnosis.starts.listed_layers import with_listed_layer
from refkit.diagnosis.starts.makers import constructing_frames, naming_frame, own_frame, parting_frame
from refkit.diagnosis.starts.repeated_draws import Drawing, repeated_draws
from refkit.diagnosis.starts.scales import initializer_site, scaling_site
from refkit.edits.catalogue import find_choice
from refkit.edits.places import LAST
from refkit.report.finding import Finding, Rung, Side
from refkit.tracing.trace import Site

NAME = "initialization"
NAMED = 3  # parameters that a message names before it says how many more


def run(matter: Matter) -> Outcome:
    if matter.own is not None:
        return not_run(NAME, "how parameters begin is compared with the shipped references alone")
    final = matter.forward.final
    try:
        draws = your_draws(matter.yours)
    except Exception as error:  # noqa: BLE001: your own init runs here, and may raise anything
        return not_run(NAME, f"your init could not be evaluated: {(str(error) or repr(error)).splitlines()[0]}")
    forward = final.side.run("forward").trace
    found = portions(matter.yours, draws, final.pairing, final.side.reference, forward, final.whole)
    if not any(portion.weighs for portion in found):
        return not_run(NAME, "none of your parameters answers to one of the reference's")
    file = matter.implementation.file
    for portion in found:
        path = portion.leaf.path
        frames = with_listed_layer(constructing_frames(portion.frames, path), file, path)
        portion.frames = frames or naming_frame(file, path)
    ease(found, dict(final.side.setting.options), LAST[matter.subject.name])
    faults = faulty_starts(found)
    faulty = [portion for fault in faults for portion in fault.portions]
    findings = [*fault_findings(faults, found), *repeated_findings(draws, found)]
    chosen = chosen_starts([portion for portion in found if portion not in faulty], LAST[matter.subject.name])
    findings += [choice_finding(choice, found, matter.subject.name) for choice in chosen]
    ended = outcome(NAME, findings, passed(found))
    if ended.rung.status != "choice":
        return ended
    return Outcome(Rung(NAME, "choice", ", ".join(f"{each.option}={each.value}" for each in chosen)), ended.findings)


def passed(found: list[Portion]) -> str:
    compared, every = {portion.place for portion in found if portion.path}, {portion.place for portion in found}
    if compared == every:
        return f"{len(every)} parameters begin as the reference's do"
    return f"{len(compared)} of {len(every)} parameters begin as the reference's do, the others answer to none of it"


def fault_findings(faults: list[Fault], found: list[Portion]) -> list[Finding]:
    """One finding for every cause, and for every statement that is to blame."""
    faulty = [portion for fault in faults for portion in fault.portions]
    well_made = [portion.frames for portion in found if portion.weighs and portion not in faulty]
    merged: dict[tuple, tuple[Site | None, Fault]] = {}
    for fault in faults:
        site = faulty_site(fault, well_made)
        key = (fault.id, statement_of(site) or fault.words)
        if key in merged:
            merged[key][1].portions.extend(fault.portions)
        else:
            merged[key] = (site, fault)
    return [fault_finding(fault, site) for site, fault in merged.values()]


def faulty_site(fault: Fault, well_made: list[tuple[Site, ...]]) -> Site | None:
    """The line that decides on what is wrong: of a scale, the one where its number or its initializer is written."""
    first = fault.portions[0]
    site = own_frame(first.frames, well_made, None if first.fused else first.draw)
    if site is None or fault.id == "initialised-to-constant":
        return site
    scale = scaling_site(first.frames, site)
    if fault.id == "initialisation-wrong-fan" or scale is not site:
        return scale
    return initializer_site(site, [frames[0] for frames in well_made if frames])


def fault_finding(fault: Fault, site: Site | None) -> Finding:
    first = fault.portions[0]
    rest = [path for path in paths_of(fault.portions) if path != first.leaf.path]
    others = f"; {listed(rest)} {'is' if len(rest) == 1 else 'are'} no better" if rest else ""
    said = f"`{first.leaf.path}` begins with {fault.words}{others}"
    return known_bug(NAME, fault.id, said, yours=side_of(first), **place_at(site))


def repeated_findings(draws: Draws, found: list[Portion]) -> list[Finding]:
    """One finding for every statement that draws again what was drawn before."""
    places: dict[tuple[str, int] | None, tuple[dict, list[Drawing]]] = {}
    for group in repeated_draws(draws, found):
        site = parting_frame([drawing.frames for drawing in group])
        places.setdefault(statement_of(site), (place_at(site), []))[1].extend(group)
    findings = []
    for place, group in places.values():
        paths = list(dict.fromkeys(drawing.path for drawing in group))
        same = (
            f"{listed(paths)} begin with the same random numbers"
            if len(paths) > 1
            else (f"the gates in `{paths[0]}` begin with the same random numbers")
        )
        findings.append(known_bug(NAME, "initialised-with-one-key", same, **place))
    return findings


def choice_finding(chosen: Chosen, found: list[Portion], reference: str) -> Finding:
    paths = paths_of(chosen.portions)
    first = chosen.portions[0]
    others = [portion.frames for portion in found if portion.weighs and portion not in chosen.portions]
    what = "how the embedding is drawn" if first.role == "embedding" else find_choice(reference, chosen.option).what
    message = f"{chosen.option}={chosen.value}: {what} ({listed(paths)})"
    return Finding(NAME, "choice", message, id=chosen.option, **place_at(own_frame(first.frames, others)))


def paths_of(portions: list[Portion]) -> list[str]:
    return list(dict.fromkeys(portion.leaf.path for portion in portions))


def listed(paths: list[str]) -> str:
    named = ", ".join(f"`{path}`" for path in paths[:NAMED])
    return named + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")


def side_of(portion: Portion) -> Side:
    value = portion.sample
    return Side("float32", portion.leaf.shape, float(value.min()), float(value.max()))


def place_at(site: Site | None) -> dict:
    """File, lines and source of an expression of yours: in a tree of parameters its own line, not the whole tree's."""
    if site is None:
        return {}
    lines = linecache.getlines(site.file)[site.line - 1 : site.end_line]
    source = "\n".join(line.rstrip() for line in lines).strip()
    return {"file": site.file, "line": site.line, "end_line": site.end_line, "source": source}


def statement_of(site: Site | None) -> tuple[str, int] | None:
    """Where the statement around an expression begins."""
    if site is None or site.listed:
        return None if site is None else (site.file, site.line)
    return site.file, statement_lines(source_of(site.file), site.line)[0]


INITIALIZATION = Check(
    NAME,
    compares="how each parameter begins: its distribution and scale, and whether two share their random numbers",
    catches="constant kernels, scales ten times off, fans counted on the wrong axes, one key for all layers",
    looks_like="a loss that sits still at first, starts far too high, or a layer whose units are all alike",
    fix="look at the named line: He for ReLU, Glorot for tanh, and a key of its own for every layer",
    run=run,
)
