"""Addresses of the calendar."""

from django.urls import path

from yingheng.schedule.views import calendar, plans

app_name = "schedule"
urlpatterns = [
    path("", calendar.calendar, name="calendar"),
    path("<uuid:due_id>/", calendar.due, name="due"),
    path("<uuid:due_id>/done/", calendar.done, name="due_done"),
    path("<uuid:due_id>/skip/", calendar.skip, name="due_skip"),
    path("plans/", plans.plans, name="plans"),
    path("plans/new/<uuid:hospital_id>/", plans.plan_new, name="plan_new"),
    path("plans/<uuid:plan_id>/", plans.plan, name="plan"),
    path("plans/<uuid:plan_id>/change/", plans.change, name="plan_change"),
    path("plans/<uuid:plan_id>/end/", plans.end, name="plan_end"),
]
