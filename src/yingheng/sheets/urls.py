"""Addresses of the templates of sheets."""

from django.urls import path

from yingheng.sheets.views import previews, templates

app_name = "sheets"
urlpatterns = [
    path("", templates.templates, name="templates"),
    path("new/", templates.new, name="new"),
    path("look/", previews.look, name="look"),
    path("product/<slug:key>/", templates.product_page, name="product"),
    path("product/<slug:key>/try/", previews.product_preview, name="product_preview"),
    path("<uuid:template_id>/", templates.template, name="template"),
    path("<uuid:template_id>/sheet.toml", templates.download, name="download"),
    path("<uuid:template_id>/edit/", templates.edit, name="edit"),
    path("<uuid:template_id>/try/", previews.preview, name="preview"),
    path("<uuid:template_id>/publish/", templates.publish, name="publish"),
    path("<uuid:template_id>/next/", templates.following, name="next"),
    path("<uuid:template_id>/discard/", templates.discard, name="discard"),
    path("<uuid:template_id>/withdraw/", templates.withdraw, name="withdraw"),
]
