"""A PACS in a thread that can be asked: FIND, GET and MOVE of the Study Root, worklist; it caps, fails and dies."""

from __future__ import annotations

from collections import Counter

from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

LITTLE = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
_ONE_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "PatientID")


class Pacs:
    """`cap`: most answers to one question (`cap_says`: whether it says so); `refuses`: UIDs it cannot send;
    `dies_at`: the association breaks before that many objects went; `ways`: of retrieving."""

    def __init__(self, objects, *, title="PACS", ways=("get", "move"), steps=()):
        self.objects, self.title, self.ways, self.steps = list(objects), title, ways, list(steps)
        self.cap, self.cap_says = None, True
        self.refuses: set[str] = set()
        self.dies_at = None
        self.destinations: dict[str, tuple[str, int]] = {}
        self.asked: list[Dataset] = []
        self.retrieved = Counter()  # by series or study UID
        self.tells_counts = True
        self.knows_images = True  # answers at the level of images
        self.port = 0
        self._server = None

    def __enter__(self):
        ae = AE(ae_title=self.title)
        ae.require_called_aet = True
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
        ae.add_supported_context(ModalityWorklistInformationFind)
        if "get" in self.ways:
            ae.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
            for one in AllStoragePresentationContexts:
                ae.add_supported_context(one.abstract_syntax, LITTLE, scu_role=True, scp_role=True)
        if "move" in self.ways:
            ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
        for one in AllStoragePresentationContexts[:120]:
            ae.add_requested_context(one.abstract_syntax, LITTLE)
        handlers = [(evt.EVT_C_FIND, self._find), (evt.EVT_C_GET, self._get), (evt.EVT_C_MOVE, self._move)]
        self._server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        self.port = self._server.socket.getsockname()[1]
        return self

    open = __enter__

    def __exit__(self, *_error):
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    close = __exit__

    def _find(self, event):
        asked = event.identifier
        self.asked.append(asked)
        if "ScheduledProcedureStepSequence" in asked:
            found = self.steps
        elif asked.QueryRetrieveLevel == "SERIES":
            found = self._series(asked)
        elif asked.QueryRetrieveLevel == "IMAGE":
            found = self._images(asked)
        else:
            found = self._studies(asked)
        for n, one in enumerate(found):
            if isinstance(one, int):
                yield one, None
                return
            if self.cap is not None and n == self.cap:
                yield (0xA700 if self.cap_says else 0x0000), None
                return
            yield 0xFF00, one

    def _studies(self, asked):
        groups: dict[str, list[Dataset]] = {}
        for one in self.objects:
            groups.setdefault(one.StudyInstanceUID, []).append(one)
        for uid, group in sorted(groups.items()):
            told = Dataset()
            told.SpecificCharacterSet = "ISO_IR 192"
            for name in _ONE_STUDY:
                setattr(told, name, group[0].get(name, ""))
            told.ModalitiesInStudy = sorted({one.Modality for one in group})
            if self.tells_counts:
                told.NumberOfStudyRelatedInstances = len(group)
            if self._meets(asked, told):
                told.StudyInstanceUID = uid
                yield told

    def _meets(self, asked, told):
        for name in ("StudyDate", "AccessionNumber", "PatientID"):
            if asked.get(name) and asked.get(name) != told.get(name):
                return False
        made = told.ModalitiesInStudy
        if asked.get("ModalitiesInStudy") and asked.ModalitiesInStudy not in (
            [made] if isinstance(made, str) else made
        ):
            return False
        first, _, last = str(asked.get("StudyTime") or "").partition("-")
        return not first or first <= str(told.StudyTime) <= last

    def _series(self, asked):
        groups: dict[str, list[Dataset]] = {}
        for one in self.objects:
            if one.StudyInstanceUID == asked.StudyInstanceUID:
                groups.setdefault(one.SeriesInstanceUID, []).append(one)
        for uid, group in sorted(groups.items()):
            told = Dataset()
            told.StudyInstanceUID, told.SeriesInstanceUID, told.Modality = (
                asked.StudyInstanceUID,
                uid,
                group[0].Modality,
            )
            told.StationName = group[0].get("StationName", "")
            if self.tells_counts:
                told.NumberOfSeriesRelatedInstances = len(group)
            yield told

    def _images(self, asked):
        if not self.knows_images:
            yield 0xC000
        for one in self.objects:
            if one.SeriesInstanceUID == asked.SeriesInstanceUID:
                told = Dataset()
                told.SOPInstanceUID = one.SOPInstanceUID
                yield told

    def _wanted(self, event):
        asked = event.identifier
        if asked.QueryRetrieveLevel == "IMAGE":
            uids = asked["SOPInstanceUID"].value
            uids = [uids] if isinstance(uids, str) else list(uids)
            self.retrieved.update(uids)
            return [one for one in self.objects if one.SOPInstanceUID in uids]
        level = "SeriesInstanceUID" if asked.QueryRetrieveLevel == "SERIES" else "StudyInstanceUID"
        uid = asked[level].value
        self.retrieved[uid] += 1
        return [one for one in self.objects if one[level].value == uid]

    def _get(self, event):
        found = self._wanted(event)
        yield len(found)
        yield from self._send(event, found)

    def _move(self, event):
        where = self.destinations.get(event.move_destination)
        if where is None:
            yield None, None
            return
        yield (*where, {"ae_title": event.move_destination})
        found = self._wanted(event)
        yield len(found)
        yield from self._send(event, found)

    def _send(self, event, found):
        for n, one in enumerate(found):
            if self.dies_at is not None and n >= self.dies_at:
                event.assoc.abort()
                return
            if one.SOPInstanceUID in self.refuses:
                broken = Dataset()
                broken.SOPInstanceUID = one.SOPInstanceUID  # cannot be sent: it has no class
                yield 0xFF00, broken
                continue
            yield 0xFF00, one


def step(number, *, accession="", clock="090000", day="20260106", name="张^三", patient="W1", requested="胸部CT平扫"):
    """One entry of a worklist."""
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 192"
    one.AccessionNumber, one.PatientID, one.PatientName = accession or number, patient, name
    one.PatientSex, one.PatientBirthDate = "F", "19700102"
    one.StudyInstanceUID = f"1.2.826.0.1.{number.lstrip('R0') or 0}"
    one.RequestedProcedureDescription, one.RequestedProcedurePriority = requested, "STAT"
    one.PlacerOrderNumberImagingServiceRequest = number
    item = Dataset()
    item.Modality, item.ScheduledStationAETitle = "CT", "CT1"
    item.ScheduledProcedureStepStartDate, item.ScheduledProcedureStepStartTime = day, clock
    one.ScheduledProcedureStepSequence = [item]
    return one


__all__ = ["Pacs", "step"]
