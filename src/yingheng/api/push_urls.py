"""Addresses of the JSON push."""

from django.urls import path

from yingheng.api import push, readings

app_name = "push"
urlpatterns = [
    path("orders", push.orders, name="orders"),
    path("device-tests/readings", readings.readings, name="readings"),
    path("reports", push.reports, name="reports"),
]
