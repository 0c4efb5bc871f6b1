"""Addresses of DICOMweb (PS3.18 table 10.1-1)."""

from django.urls import path

from yingheng.api.views import frames, metadata, rendered, retrieve, search, store
from yingheng.tenancy.api_access import by_method

app_name = "dicomweb"
_STUDY = "studies/<str:study>"
_SERIES = f"{_STUDY}/series/<str:series>"
_INSTANCE = f"{_SERIES}/instances/<str:instance>"
_FRAMES = f"{_INSTANCE}/frames/<str:frames>"
_PICTURES = (("rendered", {"thumbnail": False}), ("thumbnail", {"thumbnail": True}))

urlpatterns = [
    path("studies", by_method(GET=search.studies, POST=store.store), name="studies"),
    path("series", search.series, name="all_series"),
    path("instances", search.instances, name="all_instances"),
    path(_STUDY, by_method(GET=retrieve.study, POST=store.store), name="study"),
    path(f"{_STUDY}/metadata", metadata.study, name="study_metadata"),
    path(f"{_STUDY}/series", search.series, name="study_series"),
    path(f"{_STUDY}/instances", search.instances, name="study_instances"),
    path(_SERIES, retrieve.series, name="series"),
    path(f"{_SERIES}/metadata", metadata.series, name="series_metadata"),
    path(f"{_SERIES}/instances", search.instances, name="series_instances"),
    path(_INSTANCE, retrieve.instance, name="instance"),
    path(f"{_INSTANCE}/metadata", metadata.instance, name="instance_metadata"),
    path(f"{_INSTANCE}/bulkdata/<path:place>", frames.bulkdata, name="bulkdata"),
    path(_FRAMES, frames.frames, name="frames"),
    *(
        path(f"{address}/{word}", view, kwargs, name=f"{name}_{word}")
        for word, kwargs in _PICTURES
        for address, view, name in (
            (_STUDY, rendered.study, "study"),
            (_SERIES, rendered.series, "series"),
            (_INSTANCE, rendered.instance, "instance"),
            (_FRAMES, rendered.frames, "frames"),
        )
    ),
]
