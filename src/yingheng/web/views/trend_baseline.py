"""Setting the baseline of one quantity of a device from chosen performance tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from imagingqc.stats.control import FEWEST
from yingheng.common.errors import Invalid, NotFound, error_text
from yingheng.common.ui import words
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Alert, Link
from yingheng.common.ui.words import OUTCOMES
from yingheng.evidence.courses import course_of, trend_of
from yingheng.evidence.models import QuantityPoint
from yingheng.phantomqc.services import course_baseline_set
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import DEVICE_EDIT
from yingheng.web.courses import is_test, protocol_text, trend_url, unit_of
from yingheng.web.trend_limits import Said, said_of

OFFERED = 30


class BaselineForm(forms.Form):
    """The values that say how the device should be, and why they do."""

    points = forms.MultipleChoiceField(label=gettext_lazy("Values"), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: object, choices: Sequence[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["points"].choices = choices
        self.fields["points"].help_text = _("At least %(n)d, all since the last change of the device.") % {"n": FEWEST}


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def trend_baseline(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Choose the tests whose values say how the device should be; a new version of the baseline is made of them."""
    device = device_get(request.scope, device_id)
    protocol, quantity = request.GET.get("protocol", ""), request.GET.get("quantity", "")
    key = {"protocol_key": protocol, "quantity": quantity}
    if not is_test(protocol) or trend_of(request.scope, device=device, **key) is None:
        raise NotFound("evidence.trend_unknown")
    back = trend_url(device, protocol, quantity)
    points = _offered(request, device, protocol, quantity)
    said = said_of(request.scope, points, quantity)
    form = BaselineForm(
        request.POST or None,
        choices=[(str(p.pk), _point_text(p, said)) for p in points],
        initial={"points": [str(p.pk) for p in points[:FEWEST]]},
    )
    if request.method == "POST" and form.is_valid():
        chosen = [UUID(pk) for pk in form.cleaned_data["points"]]
        try:
            course_baseline_set(
                actor=request.actor, device=device, points=chosen, reason=form.cleaned_data["reason"], **key
            )
        except Invalid as exc:
            form.add_error(None, error_text(exc))
        else:
            messages.success(request, _("Set. Later tests are compared with it; what was judged before stays."))
            return redirect(back)
    few = [Alert(_("There are only %(n)d values since the last change.") % {"n": len(points)}, "human")]
    name = words.quantity_text(quantity)
    return FormPage(
        title=_("Set a baseline: %(what)s") % {"what": name},
        purpose=protocol_text(protocol),
        crumbs=[Link(device.label, reverse("web:device", args=[device.pk])), Link(name, back)],
        alerts=few if len(points) < FEWEST else [],
        form=form,
        submit=_("Set the baseline"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _offered(request: HttpRequest, device: Device, protocol: str, quantity: str) -> list[QuantityPoint]:
    """The newest values since the last change of the device, newest first."""
    course = course_of(request.scope, device=device, protocol_key=protocol, quantity=quantity, limit=OFFERED)
    start = max((b.at for b in course.boundaries), default=None)
    return [point for point in reversed(course.points) if start is None or point.at >= start]


def _point_text(point: QuantityPoint, said: Mapping[UUID, Said]) -> str:
    unit = words.unit_text(unit_of(point.quantity))
    shown = " ".join(filter(None, (words.number_text(point.value), unit)))
    found = said.get(point.subject_id)
    outcome = str(OUTCOMES[found.outcome].label) if found and found.outcome else ""
    return " · ".join(filter(None, (str(point.local_day), shown, outcome)))
