"""Addresses of meetings."""

from django.urls import path

from yingheng.governance.views import actions, attendance, holding, lists, meeting, minutes, officers, planning, series

app_name = "governance"
urlpatterns = [
    path("", lists.meetings, name="meetings"),
    path("attendance/", attendance.attendance, name="attendance"),
    path("hospitals/", lists.hospitals, name="hospitals"),
    path("new/<uuid:organisation_id>/", planning.meeting_new, name="meeting_new"),
    path("series/", series.series_list, name="series_list"),
    path("series/new/<uuid:organisation_id>/", series.series_new, name="series_new"),
    path("series/<uuid:series_id>/", series.series, name="series"),
    path("series/<uuid:series_id>/change/", series.change, name="series_change"),
    path("series/<uuid:series_id>/end/", series.end, name="series_end"),
    path("actions/", actions.actions, name="actions"),
    path("actions/<uuid:action_id>/", actions.action, name="action"),
    path("actions/<uuid:action_id>/done/", actions.done, name="action_done"),
    path("actions/<uuid:action_id>/verify/", actions.verify, name="action_verify"),
    path("actions/<uuid:action_id>/again/", actions.again, name="action_again"),
    path("actions/<uuid:action_id>/drop/", actions.drop, name="action_drop"),
    path("actions/<uuid:action_id>/remove/", actions.remove, name="action_remove"),
    path("topics/<uuid:item_id>/", planning.topic_change, name="topic_change"),
    path("topics/<uuid:item_id>/up/", planning.topic_raise, name="topic_up"),
    path("topics/<uuid:item_id>/remove/", planning.topic_drop, name="topic_remove"),
    path("<uuid:meeting_id>/", meeting.meeting, name="meeting"),
    path("<uuid:meeting_id>/change/", planning.change, name="meeting_change"),
    path("<uuid:meeting_id>/topics/new/", planning.topic_new, name="topic_new"),
    path("<uuid:meeting_id>/call/", planning.call, name="meeting_call"),
    path("<uuid:meeting_id>/figures/", planning.figures, name="meeting_figures"),
    path("<uuid:meeting_id>/cancel/", planning.cancel, name="meeting_cancel"),
    path("<uuid:meeting_id>/invitation.ics", meeting.invitation, name="meeting_ics"),
    path("<uuid:meeting_id>/report/<slug:ending>/<slug:lang>/", meeting.report, name="meeting_report"),
    path("<uuid:meeting_id>/hold/", holding.hold, name="meeting_hold"),
    path("<uuid:meeting_id>/attendance/", holding.roll, name="meeting_roll"),
    path("<uuid:meeting_id>/officers/", officers.officers, name="meeting_officers"),
    path("<uuid:meeting_id>/here/", holding.here, name="meeting_here"),
    path("<uuid:meeting_id>/excuse/", holding.excuse, name="meeting_excuse"),
    path("<uuid:meeting_id>/minutes/", minutes.write, name="minutes"),
    path("<uuid:meeting_id>/minutes/save/", minutes.save, name="minutes_save"),
    path("<uuid:meeting_id>/minutes/record/", minutes.record, name="minutes_record"),
    path("<uuid:meeting_id>/minutes/sign/", minutes.sign, name="minutes_sign"),
    path("<uuid:meeting_id>/minutes/correct/", minutes.correct, name="minutes_correct"),
    path("<uuid:meeting_id>/minutes/<int:version>/", minutes.version, name="minutes_version"),
    path("<uuid:meeting_id>/actions/new/", actions.action_new, name="action_new"),
]
