"""Addresses of attached files."""

from django.urls import path

from yingheng.documents.views import files

app_name = "documents"
urlpatterns = [
    path("<uuid:attachment_id>/", files.file, name="file"),
]
