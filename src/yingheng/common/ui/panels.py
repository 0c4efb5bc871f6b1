"""Registry of panels: what an app adds to the pages of things it does not own.

An app calls `register_panel` in its `AppConfig.ready`; the page of the thing asks `panels_for`.
"""

from collections.abc import Callable
from typing import Any, Literal

from django.http import HttpRequest

from .parts import Section, TimelineEntry

PanelKind = Literal["exam", "device", "person", "timeline"]
KINDS: tuple[PanelKind, ...] = ("exam", "device", "person", "timeline")
Panel = Callable[[HttpRequest, Any], Section | list[TimelineEntry] | None]
_panels: dict[PanelKind, list[tuple[int, str, Panel]]] = {kind: [] for kind in KINDS}


def register_panel(kind: PanelKind, panel: Panel, order: int = 100) -> None:
    """Adds `panel(request, subject)`: a Section, or for kind "timeline" a list of TimelineEntry; None = nothing.

    Registering the same function again changes nothing.  An unknown kind raises KeyError.
    """
    name = f"{panel.__module__}.{panel.__qualname__}"
    if all(known != name for _order, known, _panel in _panels[kind]):
        _panels[kind].append((order, name, panel))
        _panels[kind].sort(key=lambda entry: entry[:2])


def panels_for(kind: PanelKind, request: HttpRequest, subject: Any) -> list[Section]:
    """The sections that all apps add to this subject's page, in their order."""
    made = [panel(request, subject) for _order, _name, panel in _panels[kind]]
    return [section for section in made if isinstance(section, Section)]


def timeline_for(request: HttpRequest, subject: Any) -> list[TimelineEntry]:
    """What all apps know to have happened to the subject, newest first."""
    entries: list[TimelineEntry] = []
    for _order, _name, panel in _panels["timeline"]:
        made = panel(request, subject)
        if isinstance(made, list):
            entries.extend(made)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
