"""Addresses of the combined pages."""

from django.urls import path

from yingheng.web.views import (
    calibration,
    deciding,
    device_changes,
    devices,
    exam,
    exams,
    findings,
    health,
    item_pages,
    items,
    methods,
    pictures,
    quarantine,
    standards,
    today,
    trends,
)

app_name = "web"
urlpatterns = [
    path("", today.today, name="today"),
    path("healthz/", health.health, name="health"),
    path("exams/", exams.exams, name="exams"),
    path("exams/<uuid:exam_id>/", exam.exam, name="exam"),
    path("exams/<uuid:exam_id>/evaluate/", deciding.evaluate, name="exam_evaluate"),
    path("exams/<uuid:exam_id>/decide/<uuid:assessment_id>/", deciding.decide, name="decide"),
    path("series/<uuid:series_id>/slices/<int:index>.png", pictures.slice_picture, name="slice"),
    path("series/<uuid:series_id>/thumbnail.png", pictures.thumbnail, name="thumbnail"),
    path("exams/<uuid:exam_id>/item/", item_pages.exam_item, name="exam_item"),
    path("items/", items.items, name="items"),
    path("items/<uuid:hospital_id>/text/", item_pages.item_key, name="item_key"),
    path("items/<uuid:hospital_id>/decide/", items.decide, name="item_decide"),
    path("findings/", findings.findings, name="findings"),
    path("findings/<uuid:finding_id>/", findings.finding, name="finding"),
    path("findings/<uuid:finding_id>/<str:verb>/", findings.decide, name="finding_decide"),
    path("standards/", standards.standards, name="standards"),
    path("standards/<slug:standard_id>/", standards.standard, name="standard"),
    path("methods/", methods.methods, name="methods"),
    path("methods/<slug:slug>/", methods.method, name="method"),
    path("calibration/", calibration.calibration, name="calibration"),
    path("calibration/<str:family>/<str:criterion>/", calibration.criterion, name="calibration_criterion"),
    path("devices/", devices.devices, name="devices"),
    path("devices/<uuid:device_id>/", devices.device, name="device"),
    path("devices/<uuid:device_id>/confirm/", devices.confirm, name="device_confirm"),
    path("devices/<uuid:device_id>/trends/", trends.trend, name="trend"),
    path("devices/<uuid:device_id>/changes/new/", device_changes.change, name="device_change"),
    path(
        "devices/<uuid:device_id>/changes/<uuid:epoch_id>/withdraw/",
        device_changes.change_withdraw,
        name="device_change_withdraw",
    ),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/<uuid:quarantine_id>/discard/", quarantine.discard, name="quarantine_discard"),
]
