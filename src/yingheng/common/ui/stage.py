"""The image stage: slices with overlays, slice ruler and header evidence, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .parts import Part, Tab


@dataclass(frozen=True)
class Window:
    """A grey-scale preset: `value` goes into the image address, `label` on the button."""

    value: str
    label: str


@dataclass(frozen=True)
class Overlay:
    """A shape on the image: Evidence.shape of kind rect, circle, polyline or points; `index` None = every slice."""

    shape: Mapping[str, Any]
    index: int | None = None
    label: str = ""
    outcome: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"shape": dict(self.shape), "index": self.index, "label": self.label, "outcome": self.outcome}


@dataclass(frozen=True)
class Pick:
    """Something that a person chooses in the images for a field of the page's form.

    `kind` "image" is the slice that is shown, "circle" and "rect" a shape in image pixels: "x, y, radius", or
    "x, y, width, height", from the outer corner of the first pixel.  `key` is the page key that does it.
    """

    kind: str
    field: str
    label: str
    key: str = ""


@dataclass(frozen=True)
class Stage(Part):
    """A stack of `count` images of columns × rows pixels.

    `image_url` holds the placeholders {index} (0-based) and {window}; the server renders the window.
    `positions_mm` gives the place of each slice where known; `ruler` is an Evidence shape of kind slices.
    `picks` are chosen by hand: `references` is what a field of kind "image" says of each slice, `places` where a new
    circle or rectangle begins.  `others` lead to other series.
    """

    template = "ui/components/stage.html"
    image_url: str
    columns: int
    rows: int
    count: int
    title: str = ""
    windows: Sequence[Window] = ()
    overlays: Sequence[Overlay] = ()
    start: int = 0
    labels: Sequence[str] = ()
    ruler: "SliceRuler | None" = None
    id: str = "stage"
    picks: Sequence[Pick] = ()
    references: Sequence[str] = ()
    places: Mapping[str, Sequence[float]] = field(default_factory=dict)
    others: Sequence[Tab] = ()

    @property
    def hand(self) -> dict[str, Any]:
        """What choosing by hand needs in the browser."""
        return {"references": list(self.references), "places": {k: list(v) for k, v in self.places.items()}}

    @property
    def first_url(self) -> str:
        window = self.windows[0].value if self.windows else ""
        return self.image_url.replace("{index}", str(self.start)).replace("{window}", window)

    @property
    def data(self) -> dict[str, Any]:
        """What the browser needs to scroll and draw."""
        return {
            "url": self.image_url,
            "count": self.count,
            "columns": self.columns,
            "rows": self.rows,
            "start": self.start,
            "window": self.windows[0].value if self.windows else "",
            "labels": [str(label) for label in self.labels],
            "overlays": [overlay.as_dict() for overlay in self.overlays],
        }


@dataclass(frozen=True)
class Tick:
    """A slice on the ruler; x in 0…1000."""

    x: float
    index: int
    duplicated: bool


@dataclass(frozen=True)
class Gap:
    x: float
    width: float
    missing: int
    from_mm: float
    to_mm: float
    before: int

    @property
    def centre(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class SliceRuler(Part):
    """Slices along their axis from an Evidence shape of kind `slices`; gaps and duplicates are marked.

    `places` maps the n-th measured position to a slice of the stage, where the stage holds more than these slices.
    """

    template = "ui/components/ruler.html"
    shape: Mapping[str, Any]
    stage: str = "stage"
    places: Sequence[int] = ()

    def _place(self, index: int) -> int:
        """Index on the stage of the position with that index; the same unless `places` says otherwise."""
        return self.places[index] if index < len(self.places) else index

    @property
    def _range(self) -> tuple[float, float]:
        positions = self.shape.get("positions_mm") or [0.0]
        low, high = min(positions), max(positions)
        return low, (high - low) or 1.0

    def _x(self, position: float) -> float:
        low, span = self._range
        return round(10 + 980 * (position - low) / span, 1)

    @property
    def ticks(self) -> list[Tick]:
        doubled = {round(d["position_mm"], 3) for d in self.shape.get("duplicates") or ()}
        positions = self.shape.get("positions_mm") or ()
        return [Tick(self._x(p), self._place(i), round(p, 3) in doubled) for i, p in enumerate(positions)]

    @property
    def gaps(self) -> list[Gap]:
        gaps = []
        for gap in self.shape.get("gaps") or ():
            left, right = sorted((self._x(gap["from_mm"]), self._x(gap["to_mm"])))
            index = self._index(gap["from_mm"])
            gaps.append(Gap(left, right - left, gap["missing"], *sorted((gap["from_mm"], gap["to_mm"])), index))
        return gaps

    @property
    def duplicates(self) -> list[tuple[float, float, int]]:
        """(x, position in mm, index of the first slice there)."""
        found = self.shape.get("duplicates") or ()
        return [(self._x(d["position_mm"]), d["position_mm"], self._index(d["position_mm"])) for d in found]

    def _index(self, position: float) -> int:
        positions = self.shape.get("positions_mm") or [position]
        return self._place(min(range(len(positions)), key=lambda i: abs(positions[i] - position)))

    @property
    def ends(self) -> tuple[float, float]:
        low, span = self._range
        return low, low + span


@dataclass(frozen=True)
class SeriesList(Part):
    """Which series are there and which are missing: Evidence shape of kind `series_list`."""

    template = "ui/components/series_list.html"
    shape: Mapping[str, Any]


@dataclass(frozen=True)
class HeaderTags(Part):
    """Header attributes that decided something: Evidence shape of kind `tags`."""

    template = "ui/components/tags.html"
    shape: Mapping[str, Any]


def evidence_part(shape: Mapping[str, Any] | None, stage: str = "stage") -> Part | None:
    """The part that shows a shape outside the image; None for shapes that are drawn on it."""
    kinds = {"series_list": SeriesList, "tags": HeaderTags}
    kind = (shape or {}).get("kind", "")
    if kind == "slices":
        return SliceRuler(shape or {}, stage)
    return kinds[kind](shape or {}) if kind in kinds else None


def overlays_of(verdicts: Sequence[Mapping[str, Any]], instances: Sequence[str]) -> list[Overlay]:
    """Overlays for the stage from Verdict JSON; `instances` are the SOP Instance UIDs in the order of the slices,
    the UID of a multi-frame object once for each frame."""
    places: dict[str, int] = {}
    for index, uid in enumerate(instances):
        places.setdefault(uid, index)
    drawn = []
    for verdict in verdicts:
        evidence = verdict.get("evidence") or {}
        shape = evidence.get("shape") or {}
        if shape.get("kind") not in ("rect", "circle", "polyline", "points"):
            continue
        first, frame = places.get(evidence.get("instance") or ""), evidence.get("frame")
        index = frame if first is None else first + (frame or 0)
        drawn.append(Overlay(shape, index, verdict.get("quantity") or "", verdict.get("outcome") or ""))
    return drawn


@dataclass(frozen=True)
class SheetItem:
    """One item of a score sheet: choices with their key; `chosen` is the stored answer."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]] = field(default_factory=tuple)
    chosen: str = ""
    hint: str = ""
