"""What faults are called: the dictionary of defects belongs to an app above, which hands it in when it starts."""

from __future__ import annotations

from collections.abc import Callable

from yingheng.sheets.spec import Words

Find = Callable[[str], Words | None]
_found: list[Find] = []


def defect_names_register(find: Find) -> None:
    """Have `find(code)` give the name of a defect, None for a code it does not know.  For `AppConfig.ready`."""
    _found[:] = [find]


def defects_registered() -> bool:
    """Whether there is a dictionary at all: without one no code can be checked."""
    return bool(_found)


def defect_name(code: str) -> Words | None:
    """The name of a defect; None when nobody knows it."""
    return _found[0](code) if _found else None
