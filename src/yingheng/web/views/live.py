"""What live pages follow."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from yingheng.common.ui.addresses import identifier
from yingheng.jobs.models import Signal
from yingheng.jobs.signals import EXAM
from yingheng.jobs.stream import stream_response
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXAM_VIEW


@page(EXAM_VIEW)
@require_safe
def exams(request: HttpRequest) -> HttpResponse:
    """An event stream: which exams changed, of one `device` or of all that the person may see."""
    device = identifier(request.GET.get("device", ""))
    return stream_response(request, topic=EXAM, scope=request.scope, group=str(device) if device else "")


def exams_url(device_id: object = None) -> str:
    """The stream for a page that is being made now; the page tells what it knows, so that nothing falls between."""
    newest = Signal.objects.order_by("-id").values_list("id", flat=True).first() or 0
    narrow = f"&device={device_id}" if device_id else ""
    return f"{reverse('web:live_exams')}?since={newest}{narrow}"
