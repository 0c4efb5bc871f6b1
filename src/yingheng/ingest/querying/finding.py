"""C-FIND: studies and series of an archive, steps of a worklist (PS3.4 C.4.1, K.4.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import build_context

from yingheng.ingest.forwarding.scu import Peer, PeerTrouble, Sending

STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
_PENDING = (0xFF00, 0xFF01)
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_FULL = range(0xA700, 0xA800)  # "out of resources": how archives say that there is more
MOST_ANSWERS = 20_000  # nobody asks for more at a time; a partner that does not stop is stopped
ROUND = 50  # an archive that stops at its limit without a word stops at a round number


@dataclass(frozen=True, slots=True)
class Asked:
    """What a study must have.  `hours`: HHMMSS-HHMMSS within the day, "" all of it.

    No day: whenever it was made, which asks for an accession number or a patient id.
    """

    day: dt.date | None = None
    hours: str = ""
    modality: str = ""
    accession: str = ""
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """One study as the archive describes it; `n_instances` None when it does not say."""

    study_uid: str
    day: dt.date | None
    modalities: tuple[str, ...]
    description: str
    accession: str
    n_instances: int | None


@dataclass(frozen=True, slots=True)
class FoundSeries:
    """One series; `stations` are the names and AE titles that it says it was made with."""

    series_uid: str
    modality: str
    n_instances: int | None
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What came, and whether that is certainly all."""

    datasets: tuple[Dataset, ...]
    is_cut: bool


def answers(peer: Peer, model: str, identifier: Dataset) -> Answers:
    """Ask one question over an association of its own.

    PeerTrouble when it cannot be asked, the association breaks or the partner answers with a failure; "out of
    resources" after answers only says that there is more.
    """
    found: list[Dataset] = []
    since = monotonic()
    with Sending(peer, [build_context(model, _SYNTAXES)]) as asking:
        try:
            for status, data in asking.association.send_c_find(identifier, model):
                if "Status" not in status:
                    raise silent(peer, since)
                code, since = int(status.Status), monotonic()
                if code not in _PENDING:
                    return _ended(found, code)
                if data is not None:
                    found.append(data)
                if len(found) >= MOST_ANSWERS:
                    asking.association.abort()
                    return Answers(tuple(found), is_cut=True)
        except (RuntimeError, ValueError) as exc:  # the association ended, or nothing for this model was agreed on
            raise PeerTrouble("find_refused", str(exc)) from exc
    raise silent(peer, since)


def _ended(found: Sequence[Dataset], code: int) -> Answers:
    if code == 0:
        return Answers(tuple(found), is_cut=bool(found) and len(found) % ROUND == 0)
    if code in _FULL:
        return Answers(tuple(found), is_cut=True)
    raise PeerTrouble("find_status", f"0x{code:04X}")


def studies_find(peer: Peer, asked: Asked) -> tuple[list[FoundStudy], bool]:
    """Studies that an archive has, and whether the answer was cut short.  Raises PeerTrouble."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyDate = asked.day.strftime("%Y%m%d") if asked.day else ""
    identifier.StudyTime = asked.hours
    identifier.ModalitiesInStudy = asked.modality
    identifier.AccessionNumber = asked.accession
    identifier.PatientID = asked.patient_id
    for keyword in ("StudyInstanceUID", "StudyDescription", "NumberOfStudyRelatedInstances"):
        setattr(identifier, keyword, None)
    told = answers(peer, STUDY_FIND, identifier)
    return [_study(one) for one in told.datasets if text(one, "StudyInstanceUID")], told.is_cut


def series_find(peer: Peer, study_uid: str) -> list[FoundSeries]:
    """The series of a study.  Raises PeerTrouble."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "SERIES"
    identifier.StudyInstanceUID = study_uid
    for keyword in ("SeriesInstanceUID", "Modality", "StationName", "PerformedStationAETitle",
                    "NumberOfSeriesRelatedInstances"):  # fmt: skip
        setattr(identifier, keyword, None)
    told = answers(peer, STUDY_FIND, identifier)
    return [_series(one) for one in told.datasets if text(one, "SeriesInstanceUID")]


def images_find(peer: Peer, study_uid: str, series_uid: str) -> list[str] | None:
    """SOP Instance UIDs of a series; None where the archive does not answer at that level, or says only some of them.

    Raises PeerTrouble.
    """
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.StudyInstanceUID, identifier.SeriesInstanceUID = study_uid, series_uid
    identifier.SOPInstanceUID = None
    try:
        told = answers(peer, STUDY_FIND, identifier)
    except PeerTrouble as trouble:
        if trouble.code in {"find_refused", "find_status"}:
            return None
        raise
    found = [uid for one in told.datasets if (uid := text(one, "SOPInstanceUID"))]
    return None if told.is_cut or not found else found


def day_parts(hours: str) -> list[str]:
    """A day in hours, an hour in pieces of ten minutes; [] when it is split no further."""
    if not hours:
        return [f"{h:02d}0000-{h:02d}5959.999999" for h in range(24)]
    if hours[2:6] == "0000" and hours[9:11] == "59":
        return [f"{hours[:2]}{m}000-{hours[:2]}{m}959.999999" for m in range(6)]
    return []


def silent(peer: Peer, since: float) -> PeerTrouble:
    """What it means that an association gave no further answer since then (a monotonic time)."""
    return PeerTrouble("no_answer" if monotonic() - since >= peer.timeouts.answer else "went_away")


def text(dataset: Dataset, keyword: str) -> str:
    """A value as text without blanks at the ends; "" when it is missing or cannot be read."""
    try:
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - decoding what a partner sent raises anything
        return ""
    return "" if value is None else str(value).strip()


def day_of(value: str) -> dt.date | None:
    """A DICOM date; None when it is none."""
    try:
        return dt.datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _study(one: Dataset) -> FoundStudy:
    return FoundStudy(
        study_uid=text(one, "StudyInstanceUID")[:64],
        day=day_of(text(one, "StudyDate")),
        modalities=tuple(_words(one, "ModalitiesInStudy")),
        description=text(one, "StudyDescription")[:200],
        accession=text(one, "AccessionNumber")[:64],
        n_instances=_number(one, "NumberOfStudyRelatedInstances"),
    )


def _series(one: Dataset) -> FoundSeries:
    stations = (text(one, "StationName"), text(one, "PerformedStationAETitle"))
    return FoundSeries(
        series_uid=text(one, "SeriesInstanceUID")[:64],
        modality=text(one, "Modality")[:16],
        n_instances=_number(one, "NumberOfSeriesRelatedInstances"),
        stations=tuple(filter(None, stations)),
    )


def _words(one: Dataset, keyword: str) -> Iterable[str]:
    value = one.get(keyword)
    if value is None:
        return ()
    parts = [value] if isinstance(value, str) else list(value)
    return (word for part in parts for word in str(part).strip().upper().split("\\") if word)


def _number(one: Dataset, keyword: str) -> int | None:
    told = text(one, keyword)
    return int(told) if told.isdecimal() else None
