"""Addresses for the tests of the interface alone."""

from django.urls import include, path
from django.views.generic import View

urlpatterns = [
    path("ui/", include("yingheng.common.ui.urls")),
    path("exams/", include(([path("", View.as_view(), name="exam_list")], "shop"))),
    path("exams/board/", include(([path("", View.as_view(), name="board")], "stall"))),
]
