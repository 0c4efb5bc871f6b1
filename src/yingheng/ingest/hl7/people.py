"""Who made an exam, as a message names them."""

from __future__ import annotations

from yingheng.ingest.hl7.reading import Segment, joined, said

_TECHNICIAN = 34


def technicians(obr: Segment | None) -> tuple[str, ...]:
    """Technicians (OBR-34): number and name of each, as far as they are told.

    An NDL has its parts as subcomponents of the first component; what systems send as XCN has them as components.
    """
    told = [] if obr is None else [_technician(obr, n) for n in range(1, obr.repetitions(_TECHNICIAN) + 1)]
    return tuple(dict.fromkeys(filter(None, told)))


def _technician(obr: Segment, repetition: int) -> str:
    def part(component: int, subcomponent: int = 1) -> str:
        return said(obr.text(_TECHNICIAN, component, subcomponent, repetition=repetition))

    nested = [part(1, 2), part(1, 3)]
    name = nested if any(nested) else [part(2), part(3)]
    return joined([part(1), *name], " ")
