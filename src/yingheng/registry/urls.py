"""Addresses about the use of a device."""

from django.urls import path

from yingheng.registry import views

app_name = "registry"
urlpatterns = [
    path("<uuid:device_id>/use/", views.use, name="use"),
    path("<uuid:device_id>/use/restrict/", views.restrict, name="restrict"),
    path("<uuid:device_id>/use/release/", views.release, name="release"),
    path("<uuid:device_id>/use/permit/", views.permit, name="permit"),
    path("<uuid:device_id>/use/permit/end/", views.permit_end, name="permit_end"),
]
