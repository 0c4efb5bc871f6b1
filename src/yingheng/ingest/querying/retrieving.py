"""C-GET straight into the spool, and C-MOVE to our own receiver (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context, build_role

from yingheng.ingest.forwarding.scu import Peer, PeerTrouble, Sending
from yingheng.ingest.querying.finding import silent
from yingheng.ingest.receiver.filemeta import head, uid_is_wellformed
from yingheng.ingest.spool import Kind, Spool

GET = "1.2.840.10008.5.1.4.1.2.2.3"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
MOST_CLASSES = 63  # two contexts each beside that of C-GET: 127 of the 128 that an association has room for
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_COMPRESSED = [
    "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
]  # fmt: skip
_IMAGE = "1.2.840.10008.5.1.4.1.1."
#: What an association for C-GET has room for: what is made in everyday work, most frequent first.
CLASSES = tuple(
    _IMAGE + end
    for end in (
        "2", "4", "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2.1", "4.1", "4.2", "4.3", "2.2", "4.4",
        "3.1", "6.1", "6.2", "7", "7.1", "7.2", "7.3", "7.4", "12.1", "12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.2",
        "13.1.3", "13.1.4", "20", "128", "128.1", "130", "30", "66", "66.1", "66.4", "66.5", "67", "11.1", "11.2",
        "11.3", "11.4", "77.1.1", "77.1.2", "77.1.4", "77.1.5.1", "88.11", "88.22", "88.33", "88.34", "88.50",
        "88.59", "88.65", "88.67", "88.68", "104.1", "481.1", "481.2", "481.3", "481.5",
    )
)  # fmt: skip
Said = Iterable[tuple[Dataset, Dataset | None]]
_SUCCESS, _NO_SPACE, _BAD = 0x0000, 0xA700, 0xC000
_FAILURES = {0xA801: "move_destination", 0xA900: "not_of_its_class", 0x0122: "class_not_supported",
             0xA702: "objects_failed", 0x0124: "not_authorised"}  # fmt: skip
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fetch: a series, with `series_uid` "" a whole study, or with `sop_uids` these objects of a series."""

    study_uid: str
    series_uid: str = ""
    sop_uids: tuple[str, ...] = ()

    def identifier(self) -> Dataset:
        """The keys of the request."""
        made = Dataset()
        made.QueryRetrieveLevel = "SERIES" if self.series_uid else "STUDY"
        made.StudyInstanceUID = self.study_uid
        if self.series_uid:
            made.SeriesInstanceUID = self.series_uid
        if self.sop_uids:
            made.QueryRetrieveLevel, made.SOPInstanceUID = "IMAGE", list(self.sop_uids)
        return made


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many objects came and how many did not; `code` says why not, "" when all came."""

    n_received: int
    n_failed: int
    code: str = ""
    detail: str = ""


class NotOffered(Exception):  # noqa: N818 - it reads as what there is
    """The archive does not offer this way of retrieving."""


class BrokeOff(PeerTrouble):
    """The archive broke off a C-GET before a single object came: some say so that they allow none."""


def fetch_by_get(peer: Peer, wanted: Wanted, spool: Spool, hospital_id: UUID) -> Fetched:
    """Fetch over the association that we opened; each object is on disk, durably, before it is acknowledged.

    NotOffered when the archive agrees to no C-GET.  PeerTrouble when it breaks off (BrokeOff: before anything came):
    what came is kept; code `our_disk` when our own disk did not take an object.
    """
    taking = _Taking(spool, hospital_id, peer)
    try:
        with Sending(peer, _get_contexts(), [build_role(uid, scp_role=True) for uid in CLASSES]) as asking:
            _check_offered(asking.association)
            asking.association.bind(evt.EVT_C_STORE, taking.take)
            done = _last(
                peer, lambda: asking.association.send_c_get(wanted.identifier(), GET), lambda: taking.last_sign
            )
    except PeerTrouble as trouble:
        if trouble.code == "no_context":  # it answered, and took not a single context
            raise NotOffered from trouble
        if trouble.code == "went_away" and not taking.n_taken:
            raise BrokeOff(trouble.code, trouble.detail) from trouble
        raise
    if taking.disk:
        raise PeerTrouble("our_disk", taking.disk)
    failed = max(done.n_failed, taking.n_refused)
    return Fetched(taking.n_taken, failed, done.code or ("objects_failed" if failed else ""), done.detail)


def fetch_by_move(peer: Peer, wanted: Wanted, destination: str) -> Fetched:
    """Have the archive send to our receiver, under our AE title; counts are the archive's own.

    NotOffered, PeerTrouble as `fetch_by_get`.
    """
    try:
        with Sending(peer, [build_context(MOVE, _SYNTAXES)]) as asking:
            ask = asking.association
            return _last(peer, lambda: ask.send_c_move(wanted.identifier(), destination, MOVE))
    except PeerTrouble as trouble:
        if trouble.code == "no_context":
            raise NotOffered from trouble
        raise


class _Taking:
    """Puts what comes into the spool."""

    def __init__(self, spool: Spool, hospital_id: UUID, peer: Peer) -> None:
        self._spool, self._hospital_id, self._peer = spool, hospital_id, peer
        self._lock = threading.Lock()
        self.n_taken, self.n_refused, self.disk, self.last_sign = 0, 0, "", 0.0

    def take(self, event: evt.Event) -> int:
        request, self.last_sign = event.request, monotonic()
        sop_class, sop_uid = str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID or "")
        data = request.DataSet
        if data is None or not uid_is_wellformed(sop_uid):
            return self._refused(_BAD)
        # named as its sender, so that forwarding never sends it back there
        meta = head(sop_class, sop_uid, str(event.context.transfer_syntax), self._peer.called, self._peer.calling)
        try:
            with self._spool.begin(self._hospital_id, Kind.OBJECT) as file:
                file.write(meta)
                file.write(data.getbuffer())
                file.commit()
        except OSError as error:
            logger.exception("an object from %s could not be kept", self._peer.called)
            self.disk = error.strerror or type(error).__name__
            return self._refused(_NO_SPACE)
        with self._lock:
            self.n_taken += 1
        return _SUCCESS

    def _refused(self, status: int) -> int:
        with self._lock:
            self.n_refused += 1
        return status


def _get_contexts() -> list[PresentationContext]:
    """For every class one context with plain syntaxes and one with compressed ones: objects come as they are."""
    contexts = [build_context(GET, _SYNTAXES)]
    for uid in CLASSES[:MOST_CLASSES]:
        contexts += [build_context(uid, _SYNTAXES), build_context(uid, _COMPRESSED)]
    return contexts


def _check_offered(association: Association) -> None:
    agreed = association.accepted_contexts
    if not any(c.abstract_syntax == GET for c in agreed) or not any(c.as_scp for c in agreed):
        raise NotOffered


def _last(peer: Peer, ask: Callable[[], Said], last_sign: Callable[[], float] = lambda: 0.0) -> Fetched:
    """The final answer; PeerTrouble when there was none.  `last_sign`: when an object came last."""
    final: Dataset | None = None
    since = monotonic()
    try:
        for status, _data in ask():
            if "Status" in status:
                since = monotonic()
            final = status
    except (RuntimeError, ValueError) as exc:
        raise PeerTrouble("went_away", str(exc)) from exc
    if final is None or "Status" not in final or final.Status in (0xFF00, 0xFF01):
        raise silent(peer, max(since, last_sign()))
    code = int(final.Status)
    counts = {name: int(final.get(f"NumberOf{name}Suboperations") or 0) for name in ("Completed", "Warning", "Failed")}
    received = counts["Completed"] + counts["Warning"]
    if code in (0x0000, 0xB000) or received:
        failed = counts["Failed"]
        return Fetched(received, failed, "objects_failed" if failed else "", f"0x{code:04X}" if failed else "")
    return Fetched(0, counts["Failed"], _FAILURES.get(code, "retrieve_status"), f"0x{code:04X}")
