"""Which score sheet each case of a plan gets: one that the plan names, else the one that fits most closely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from yingheng.review.dictionary.catalogue import catalogue_for
from yingheng.review.frame import Subject
from yingheng.review.models import Plan
from yingheng.review.readers import upward
from yingheng.review.services.planning import FITTING, GENERAL, template_of
from yingheng.review.services.positioning import Finder
from yingheng.sheets.applying import best_fit
from yingheng.sheets.library import newest_products
from yingheng.sheets.models import Template
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec, Words
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a kind of exam gets: `n` of them in a period, the key and title of the sheet, whether the plan names it,
    and titles of other sheets by view."""

    modality: str
    body_part: str
    n: int
    sheet: str
    title: Words
    is_named: bool
    by_view: Mapping[str, Words]

    @property
    def key(self) -> str:
        """Under which a plan names a sheet for it."""
        return f"{self.modality}|{self.body_part}" if self.body_part else self.modality


class Sheets:
    """The sheets of a plan.  Sheets that ask for nothing are never chosen for their fit; where none fits, the general
    one of `template_of` holds."""

    def __init__(self, plan: Plan, whole: Template | None = None) -> None:
        self.plan, self.organisation = plan, plan.organisation
        self.is_fitting = plan.template == FITTING
        self._templates: dict[str, Template] = {plan.template: whole} if whole else {}
        self._keys: dict[tuple[str, str, str], str] = {}
        self._views: dict[str, str] = {}

    def prepare(self, several: Iterable[Subject]) -> None:
        """Look up the views of what is to get a sheet; nothing where views do not matter."""
        if not (self.is_fitting and any("view" in spec.applies for spec in self._asking)):
            return
        found = Finder().of_exams(one.exam for one in several)
        known = catalogue_for(self.organisation).positions
        for exam, one in found.items():
            views = known[one.position].views if one.position in known else ()
            self._views[str(exam)] = views[0] if len(views) == 1 else ""

    def of(self, one: Subject) -> Template:
        """The sheet of a subject: of its modality and body part, of its modality, else the fitting one."""
        key = self.key_for(one.modality, one.body_part, self._views.get(str(one.exam), ""))
        if key not in self._templates:
            self._templates[key] = template_of(self.organisation, key)
        return self._templates[key]

    def key_for(self, modality: str, body_part: str, view: str = "") -> str:
        """The key of the sheet for a kind of exam."""
        named = self.plan.templates.get(f"{modality}|{body_part}") or self.plan.templates.get(modality)
        if named or not self.is_fitting:
            return named or self.plan.template
        kind = (modality, body_part, view)
        if kind not in self._keys:
            spec = best_fit(self._asking, {"modality": modality, "body_part": body_part, "view": view})
            self._keys[kind] = spec.key if spec else self.plan.template
        return self._keys[kind]

    def proposals(self, several: Iterable[Subject]) -> list[Proposal]:
        """What each kind of exam among the subjects gets, the most frequent first."""
        counted = Counter((one.modality, one.body_part) for one in several)
        return [self._proposal(modality, part, n) for (modality, part), n in counted.most_common()]

    def _proposal(self, modality: str, part: str, n: int) -> Proposal:
        named = f"{modality}|{part}" in self.plan.templates or modality in self.plan.templates
        key = self.key_for(modality, part)
        views = {view for spec in self._asking for view in spec.applies.get("view", ())}
        other = {view: self.key_for(modality, part, view) for view in sorted(views)} if not named else {}
        by_view = {view: self._title(one) for view, one in other.items() if one != key}
        return Proposal(modality, part, n, key, self._title(key), named, by_view)

    def _title(self, key: str) -> Words:
        key = GENERAL if key == FITTING else key
        return next((spec.title for spec in self._specs if spec.key == key), Words(key, key))

    @cached_property
    def _specs(self) -> list[Spec]:
        return sheets_of(self.organisation)

    @cached_property
    def _asking(self) -> list[Spec]:
        """Score sheets that say what they are for: the own ones before those of the product."""
        return [spec for spec in self._specs if spec.applies] if self.is_fitting else []


def sheets_of(organisation: Organisation) -> list[Spec]:
    """The newest edition of every score sheet for review that an organisation can use, its own first.  One query."""
    rows = Template.objects.filter(kind="score", subject="review", state=Template.State.PUBLISHED,
                                   hospital__path__in=upward(organisation.path))  # fmt: skip
    newest = {row.key: row for row in rows.order_by("hospital__path", "version")}
    own = [spec_of(row) for row in sorted(newest.values(), key=lambda one: one.key)]
    products = [one.spec for one in newest_products() if (one.spec.kind, one.spec.subject) == ("score", "review")]
    return [*own, *(spec for spec in products if spec.key not in newest)]
