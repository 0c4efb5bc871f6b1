"""Addresses of the interface itself.  The root address table adds the handlers named in `views`."""

from django.urls import path

from . import views

app_name = "ui"
urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("language/", views.set_language, name="language"),
    path("page/<slug:name>/", views.sample_page, name="page"),
    path("image/<int:index>/", views.sample_image, name="sample_image"),
]
