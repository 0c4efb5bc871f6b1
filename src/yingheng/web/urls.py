"""Addresses of the combined pages."""

from django.urls import path

from yingheng.web.views import deciding, devices, exam, exams, findings, health, pictures, quarantine, standards, today

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
    path("findings/", findings.findings, name="findings"),
    path("findings/<uuid:finding_id>/", findings.finding, name="finding"),
    path("findings/<uuid:finding_id>/<str:verb>/", findings.decide, name="finding_decide"),
    path("standards/", standards.standards, name="standards"),
    path("standards/<slug:standard_id>/", standards.standard, name="standard"),
    path("devices/", devices.devices, name="devices"),
    path("devices/<uuid:device_id>/", devices.device, name="device"),
    path("devices/<uuid:device_id>/confirm/", devices.confirm, name="device_confirm"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/<uuid:quarantine_id>/discard/", quarantine.discard, name="quarantine_discard"),
]
