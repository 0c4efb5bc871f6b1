"""What the rule pages share: crumbs, names of states, forms that a service refuses."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Criterion
from imagingqc.criteria.words import applies_text
from yingheng.common.clock import local_day
from yingheng.common.ui.parts import Lines, Link, Tab, Tag
from yingheng.common.ui.tables import Filter, Option
from yingheng.common.ui.words import CONFIDENCES, GRADES, SEVERITIES, language, quantity_text
from yingheng.rulebook.models import RuleEdition
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import STANDARD_EDIT


def may_edit(request: HttpRequest, hospital: Organisation) -> bool:
    """Whether the requester may change the rules of this hospital."""
    return scope_of(request, STANDARD_EDIT).contains(hospital.path)


def crumbs(edition: RuleEdition | None = None) -> list[Link]:
    """The way back."""
    found = [Link(_("Rules of the hospital"), reverse("rulebook:list"))]
    if edition is not None:
        found.append(Link(title_of(edition), reverse("rulebook:edition", args=[edition.pk])))
    return found


def tabs(current: str) -> list[Tab]:
    """The two lists."""
    pages = (("list", _("Own rules")), ("standards", _("Standards in use")))
    return [Tab(label, reverse(f"rulebook:{name}"), None, name == current) for name, label in pages]


def title_of(edition: RuleEdition) -> str:
    """The title in the reader's language."""
    return edition.title if language() == "zh" else edition.title_en


def state_tag(edition: RuleEdition) -> Tag:
    """Draft, published (in force or not yet), withdrawn."""
    if edition.state == RuleEdition.State.PUBLISHED and edition.valid_from:
        begun = edition.valid_from <= local_day(edition.hospital.zone)
        return Tag(_("published"), "pass", "certificate") if begun else Tag(_("not in force yet"), "accent", "clock")
    tone = "none" if edition.state == RuleEdition.State.WITHDRAWN else "neutral"
    return Tag(edition.get_state_display(), tone)


def hospital_filter(hospitals: Sequence[Organisation], chosen: str) -> Filter:
    """Choosing one of several hospitals."""
    return Filter("hospital", _("Hospital"), "select", chosen, [Option(str(h.pk), h.name) for h in hospitals])


def criterion_cells(c: Criterion) -> dict[str, object]:
    """Cells of one criterion: clause, requirement, limit, way of judging, severity, confidence."""
    lang = language()
    confidence = CONFIDENCES[c.confidence.value]
    where = applies_text(c, lang).replace("/", "/\u200b")  # a list of every modality there is may break
    about = " · ".join(filter(None, (quantity_text(c.quantity), where)))
    return {
        "clause": c.clause,
        "text": Lines(c.text if lang == "zh" else c.text_en, about),
        "limit": limit_text(c.limit, c.unit, lang) if c.limit else None,
        "grade": GRADES[c.grade].label,
        "severity": SEVERITIES[c.severity].label,
        "confidence": Tag(str(confidence.label), confidence.tone, confidence.icon),
    }
