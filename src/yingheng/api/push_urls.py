"""Addresses of the JSON push."""

from django.urls import path

from yingheng.api import push

app_name = "push"
urlpatterns = [
    path("orders", push.orders, name="orders"),
    path("reports", push.reports, name="reports"),
]
