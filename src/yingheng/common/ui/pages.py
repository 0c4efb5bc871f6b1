"""The six page types.  A view builds one of them and returns `page.response(request)`.

There is no seventh type: a page that needs something new adds it here and to the gallery first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .parts import Action, Alert, BoardColumn, Fact, Link, OutcomeBadge, Progress, Section, Tab, Tag, Timeline
from .stage import SheetItem, Stage
from .tables import FilterBar, Table
from .tiles import Tile

Keys = list[tuple[str, Any]]


@dataclass(kw_only=True)
class Page:
    """What every page has: a title, one line saying what it is for, the way back, actions and notices."""

    template: ClassVar[str]
    scheme: ClassVar[str] = "light"

    title: str
    purpose: str = ""
    crumbs: Sequence[Link] = ()
    actions: Sequence[Action] = ()
    alerts: Sequence[Alert] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> Keys:
        """Keys of this page beside the global ones, for the `?` overlay."""
        return [(action.key, action.label) for action in self.actions if action.key]

    def response(self, request: HttpRequest, status: int = 200) -> TemplateResponse:
        return TemplateResponse(request, self.template, {"page": self, **self.extra}, status=status)


@dataclass(kw_only=True)
class ListPage(Page):
    """Saved filters as tabs, a filter bar, one table.  `page_keys` are keys that act on the row one stands on."""

    template = "ui/pages/list.html"

    table: Table
    tabs: Sequence[Tab] = ()
    filters: FilterBar | None = None
    exports: Sequence[Link] = ()
    page_keys: Keys = field(default_factory=list)

    @property
    def keys(self) -> Keys:
        rows: Keys = [("j / k", _("next / previous row")), ("Enter", _("open the row"))]
        if self.table.bulk:
            rows.append(("x", _("select the row")))
        if self.filters:
            rows.append(("f", _("go to the filters")))
        return rows + self.page_keys + super().keys


@dataclass(kw_only=True)
class ThingPage(Page):
    """One thing: state, three key facts, primary action, at most six tabs, and the timeline of all that happened.

    `tags` stand beside the state.  `wide` gives the sections the whole width and puts the timeline below them.
    `page_keys` are keys that no action carries.
    """

    template = "ui/pages/thing.html"

    kind: str = ""
    state: OutcomeBadge | Tag | None = None
    facts: Sequence[Fact] = ()
    tabs: Sequence[Tab] = ()
    sections: Sequence[Section] = ()
    timeline: Timeline | None = None
    tags: Sequence[Tag] = ()
    wide: bool = False
    page_keys: Keys = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.tabs) > 6 or len(self.facts) > 4:
            raise ValueError("a thing page has at most six tabs and four key facts")

    @property
    def keys(self) -> Keys:
        shown = [part for section in self.sections for part in (section.body, *section.context.values())]
        staged = any(isinstance(part, Stage) for part in shown)
        return (STAGE_KEYS if staged else []) + self.page_keys + super().keys


@dataclass(frozen=True)
class FieldMeta:
    """Unit and limit shown at a form field.  `limit` is Limit JSON and `reference` its nominal or baseline value.

    The browser only previews the judgement; the server judges on saving.
    """

    unit: str = ""
    limit: Mapping[str, Any] | None = None
    reference: float | None = None
    hint: str = ""


@dataclass(frozen=True)
class FieldGroup:
    """Fields that belong together under one heading; closed until asked for while all of them stand as proposed."""

    title: str | Promise
    names: Sequence[str]
    fold: bool = False
    rows: Sequence[tuple[Any, FieldMeta]] = ()

    @property
    def is_open(self) -> bool:
        return not self.fold or any(_is_filled(bound) for bound, _meta in self.rows)


def _is_filled(bound: Any) -> bool:
    """Whether a field says something other than what an empty form proposes, or is to be mended."""
    value, proposed = bound.value(), bound.field.initial
    return bool(bound.errors) or (bool(value) and str(value) != str(proposed) and value != proposed)


@dataclass(kw_only=True)
class FormPage(Page):
    """One column of fields, or, where the form has `groups` (FieldGroup), groups of them in two.

    `autosave_url` takes the form by POST and answers 204; `checklist` enlarges targets.
    `preview_url` takes it as it stands and shows in another tab what it would come to.

    `stage` stands beside the fields: what is chosen in its images by hand goes into them.
    """

    template = "ui/pages/form.html"

    form: Any
    submit: str = ""
    cancel_url: str = ""
    meta: Mapping[str, FieldMeta] = field(default_factory=dict)
    autosave_url: str = ""
    preview_url: str = ""
    checklist: bool = False
    multipart: bool = False
    aside: Sequence[Section] = ()
    stage: Stage | None = None

    @property
    def rows(self) -> list[tuple[Any, FieldMeta]]:
        """The fields of no group."""
        grouped = {name for group in self._groups for name in group.names}
        return [self._row(bound) for bound in self.form.visible_fields() if bound.name not in grouped]

    @property
    def has_marked(self) -> bool:
        """Whether a field is marked; what concerns the whole form alone marks none."""
        return any(name != NON_FIELD_ERRORS for name in self.form.errors)

    @property
    def groups(self) -> list[FieldGroup]:
        """The groups of fields, each with its rows."""
        present = {bound.name for bound in self.form.visible_fields()}
        filled = [
            replace(group, rows=[self._row(self.form[name]) for name in group.names if name in present])
            for group in self._groups
        ]
        return [group for group in filled if group.rows]

    @property
    def _groups(self) -> Sequence[FieldGroup]:
        return getattr(self.form, "groups", ())

    def _row(self, bound: Any) -> tuple[Any, FieldMeta]:
        return bound, self.meta.get(bound.name, FieldMeta())

    @property
    def keys(self) -> Keys:
        own: Keys = [("Enter", _("next field")), ("Ctrl Enter", _("save"))]
        return [*(STAGE_KEYS if self.stage else []), *self._hand_keys, *own, *super().keys]

    @property
    def _hand_keys(self) -> Keys:
        kinds = {"image" if pick.kind == "image" else "shape" for pick in (self.stage.picks if self.stage else ())}
        known = (("image", "u", _("use this slice")), ("shape", "h", _("draw a region by hand")))
        return [(key, text) for kind, key, text in known if kind in kinds]


@dataclass(kw_only=True)
class BoardPage(Page):
    """Columns of state.  `events_url` is an event stream that announces changes; else the board is re-read
    every `every` seconds."""

    template = "ui/pages/board.html"
    scheme = "dark"

    columns: Sequence[BoardColumn]
    events_url: str = ""
    every: int = 15
    filters: FilterBar | None = None
    far: bool = False


@dataclass(kw_only=True)
class DashboardPage(Page):
    """Four to eight tiles; period and scope selectors at the top; sections below; prints on A4."""

    template = "ui/pages/dashboard.html"

    tiles: Sequence[Tile]
    filters: FilterBar | None = None
    sections: Sequence[Section] = ()


@dataclass(kw_only=True)
class ReadingPage(Page):
    """Image left, score sheet right, everything by key; the next case is fetched ahead."""

    template = "ui/pages/reading.html"
    scheme = "dark"

    stage: Stage
    items: Sequence[SheetItem]
    grades: Sequence[tuple[str, str]] = ()
    grade: str = ""
    submit_url: str = ""
    progress: Progress | None = None
    next_url: str = ""
    next_image_url: str = ""
    exit_url: str = ""

    @property
    def keys(self) -> Keys:
        sheet: Keys = [
            ("0–9", _("answer the current item")),
            ("a b c d", _("grade")),
            ("Tab", _("next item")),
            ("Ctrl Enter", _("submit and next")),
            ("Shift 1–9", _("window presets")),
        ]
        return sheet + [k for k in STAGE_KEYS if k[0] != "1–9"] + super().keys


STAGE_KEYS: Keys = [
    ("↑ ↓", _("scroll slices")),
    ("1–9", _("window presets")),
    ("z", _("zoom")),
    ("o", _("overlay on / off")),
    ("i", _("invert")),
    ("r", _("reset the view")),
]
