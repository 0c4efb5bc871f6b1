"""Addresses of the rules of a hospital."""

from django.urls import path

from yingheng.rulebook.views import criteria, edition, editions, signing, trials, uses

app_name = "rulebook"
urlpatterns = [
    path("", editions.editions, name="list"),
    path("new/", editions.new, name="new"),
    path("upload/", editions.upload, name="upload"),
    path("standards/", uses.standards, name="standards"),
    path("standards/<slug:standard_id>/adopt/", uses.adopt, name="adopt"),
    path("standards/<slug:standard_id>/stop/", uses.stop, name="stop"),
    path("confirm/<slug:standard_id>/<str:criterion_id>/", criteria.confirm, name="confirm"),
    path("trials/<uuid:run_id>/", trials.trial, name="shadow"),
    path("<uuid:edition_id>/", edition.edition, name="edition"),
    path("<uuid:edition_id>/rules.toml", editions.download, name="download"),
    path("<uuid:edition_id>/discard/", editions.discard, name="discard"),
    path("<uuid:edition_id>/criteria/new/", criteria.criterion, name="criterion_new"),
    path("<uuid:edition_id>/criteria/<str:criterion_id>/", criteria.criterion, name="criterion"),
    path("<uuid:edition_id>/criteria/<str:criterion_id>/remove/", criteria.remove, name="criterion_remove"),
    path("<uuid:edition_id>/from/", criteria.source, name="source"),
    path("<uuid:edition_id>/from/<slug:standard_id>/", criteria.take, name="take"),
    path("<uuid:edition_id>/try/", trials.ask, name="shadow_ask"),
    path("<uuid:edition_id>/publish/", signing.publish, name="publish"),
    path("<uuid:edition_id>/withdraw/", signing.withdraw, name="withdraw"),
]
