"""The addresses for programs: what each method of them asks for.  Visited by test_api_matrix; part of the one table."""

from dataclasses import dataclass, field

BOUNDARY = "b0undary"


@dataclass(frozen=True)
class ApiRoute:
    """`methods`: permission by method; `kwargs` are parts of the address, `things` those found in the world.

    `fine`: statuses of somebody who may; `identify`: the method needs patient.identify beside its permission.
    """

    methods: dict
    things: tuple = ()
    kwargs: dict = field(default_factory=dict)
    fine: tuple = (200,)
    identify: bool = False
    content_type: str = "application/json"


STUDY, SERIES, INSTANCE = ("study",), ("study", "series"), ("study", "series", "instance")
LOOK = {"GET": "exam.view"}
_STORE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
_BOTH = {"GET": "exam.view", "POST": "ingest.send"}

API_ROUTES = {
    "dicomweb:studies": ApiRoute(_BOTH, fine=(200, 204, 400), content_type=_STORE),
    "dicomweb:all_series": ApiRoute(LOOK, fine=(200, 204)),
    "dicomweb:all_instances": ApiRoute(LOOK, fine=(200, 204)),
    "dicomweb:study": ApiRoute(_BOTH, STUDY, fine=(200, 400), identify=True, content_type=_STORE),
    "dicomweb:study_metadata": ApiRoute(LOOK, STUDY),
    "dicomweb:study_series": ApiRoute(LOOK, STUDY),
    "dicomweb:study_instances": ApiRoute(LOOK, STUDY),
    "dicomweb:series": ApiRoute(LOOK, SERIES, identify=True),
    "dicomweb:series_metadata": ApiRoute(LOOK, SERIES),
    "dicomweb:series_instances": ApiRoute(LOOK, SERIES),
    "dicomweb:instance": ApiRoute(LOOK, INSTANCE, identify=True),
    "dicomweb:instance_metadata": ApiRoute(LOOK, INSTANCE),
    "dicomweb:bulkdata": ApiRoute(LOOK, INSTANCE, {"place": "7FE00010"}),
    "dicomweb:frames": ApiRoute(LOOK, INSTANCE, {"frames": "1"}),
    "dicomweb:study_rendered": ApiRoute(LOOK, STUDY),
    "dicomweb:series_rendered": ApiRoute(LOOK, SERIES),
    "dicomweb:instance_rendered": ApiRoute(LOOK, INSTANCE),
    "dicomweb:frames_rendered": ApiRoute(LOOK, INSTANCE, {"frames": "1"}),
    "dicomweb:study_thumbnail": ApiRoute(LOOK, STUDY),
    "dicomweb:series_thumbnail": ApiRoute(LOOK, SERIES),
    "dicomweb:instance_thumbnail": ApiRoute(LOOK, INSTANCE),
    "push:orders": ApiRoute({"POST": "ingest.send"}, fine=(400,)),
    "push:readings": ApiRoute({"POST": "device.test"}, fine=(400,)),
    "push:reports": ApiRoute({"POST": "ingest.send"}, fine=(400,)),
    "dicomweb:frames_thumbnail": ApiRoute(LOOK, INSTANCE, {"frames": "1"}),
}
