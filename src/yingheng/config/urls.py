"""Addresses: the one table of which app answers where."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

#: (prefix, module of addresses). A module that is not part of the installed build is left out.
ADDRESSES: tuple[tuple[str, str], ...] = (
    ("", "yingheng.tenancy.urls"),
    ("ui/", "yingheng.common.ui.urls"),
    ("audit/", "yingheng.tenancy.urls_audit"),
    ("jobs/", "yingheng.jobs.urls"),
    ("notifications/", "yingheng.notify.urls"),
    ("devices/", "yingheng.registry.urls"),
    ("calendar/", "yingheng.schedule.urls"),
    ("device-tests/", "yingheng.phantomqc.urls"),
    ("review/", "yingheng.review.urls"),
    ("meetings/", "yingheng.governance.urls"),
    ("retakes/", "yingheng.rejects.urls"),
    ("exams/", "yingheng.catalog.urls"),
    ("findings/", "yingheng.evidence.urls"),
    ("rules/", "yingheng.rulebook.urls"),
    ("sheets/templates/", "yingheng.sheets.urls"),
    ("files/", "yingheng.documents.urls"),
    ("intake/", "yingheng.ingest.urls"),
    ("", "yingheng.imagequality.urls"),
    ("dicomweb/", "yingheng.api.urls"),
    ("api/v1/", "yingheng.api.push_urls"),
    ("", "yingheng.web.urls"),
)


def _installed(module: str) -> bool:
    return find_spec(module) is not None


urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(module)) for prefix, module in ADDRESSES if _installed(module)
]

handler400 = "yingheng.common.ui.views.bad_request"
handler403 = "yingheng.common.ui.views.permission_denied"
handler404 = "yingheng.common.ui.views.not_found"
handler500 = "yingheng.common.ui.views.server_error"
