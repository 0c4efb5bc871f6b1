"""Addresses of the reject analysis, below those of the register of retakes."""

from django.urls import URLPattern, path

from yingheng.rejects.views import (
    analysis,
    exporting,
    folders,
    log_pages,
    log_withdrawing,
    logs,
    reasons,
    rows,
)

app_name = "rejects"
urlpatterns: list[URLPattern] = [
    path("rejects/", analysis.analysis, name="analysis"),
    path("rejects/rows/", rows.rows, name="rows"),
    path("rejects/rows/<uuid:row_id>/", rows.row_reason, name="row_reason"),
    path("rejects/days/", rows.days, name="days"),
    path("rejects/export/<str:ending>/", exporting.export, name="export"),
    path("rejects/logs/", logs.logs, name="logs"),
    path("rejects/logs/new/", log_pages.bring, name="log_new"),
    path("rejects/logs/<uuid:file_id>/", log_pages.log, name="log"),
    path("rejects/logs/<uuid:file_id>/refused/", logs.refused, name="refused"),
    path("rejects/logs/<uuid:file_id>/withdraw/", log_withdrawing.withdraw, name="log_withdraw"),
    path("rejects/folders/", folders.folders, name="folders"),
    path("rejects/folders/new/", folders.folder_new, name="folder_new"),
    path("rejects/folders/<uuid:folder_id>/", folders.folder, name="folder"),
    path("rejects/folders/<uuid:folder_id>/edit/", folders.folder_edit, name="folder_edit"),
    path("rejects/folders/<uuid:folder_id>/switch/", folders.switch, name="folder_switch"),
    path("rejects/folders/<uuid:folder_id>/again/", folders.again, name="folder_again"),
    path("rejects/texts/", reasons.texts, name="texts"),
    path("rejects/texts/<uuid:hospital_id>/", reasons.text, name="text"),
]
