"""Asking a destination for storage commitment (PS3.4 annex J), as the user of the service."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pynetdicom import evt
from pynetdicom.presentation import build_context

from imagingqc.errors import DataError
from yingheng.ingest.forwarding.commitment import SOP_CLASS, SOP_INSTANCE, Listed, reference
from yingheng.ingest.forwarding.scu import Peer, PeerTrouble, Sending

ACTION = 1  # request storage commitment
_PROCESSING_FAILURE = 0x0110
_CLOSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Raw:
    """A report as it came on our own association: the bytes of its data set and their transfer syntax."""

    data: bytes
    transfer_syntax_uid: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a destination vouches for and what not, with the reason code of PS3.3 C.14.1.1 (None: it gave none)."""

    transaction_uid: str
    found: frozenset[str]  # SOP Instance UIDs
    failed: tuple[tuple[str, int | None], ...]


def commitment_ask(
    peer: Peer, *, transaction_uid: str, objects: Iterable[Listed], keep: Callable[[Raw], None], wait_s: float
) -> bool:
    """Ask (N-ACTION), then wait on the same association for the report; whether it came there.

    PS3.4 J.3.3 leaves it to the provider whether it reports here or over an association of its own, perhaps hours
    later.  A report that comes here is handed to `keep` (in a thread of the association), and acknowledged only when
    that returns.  Raises PeerTrouble when the request was not taken.
    """
    came = threading.Event()

    def take(event: evt.Event) -> tuple[int, None]:
        information = event.request.EventInformation
        try:
            keep(Raw(information.getvalue() if information else b"", str(event.context.transfer_syntax)))
        except OSError:
            return _PROCESSING_FAILURE, None
        came.set()
        return 0x0000, None

    dataset = Dataset()
    dataset.TransactionUID = transaction_uid
    dataset.ReferencedSOPSequence = [reference(one) for one in objects]
    try:
        with Sending(peer, [build_context(SOP_CLASS)], handlers=[(evt.EVT_N_EVENT_REPORT, take)]) as sending:
            _request(sending, dataset)
            if not came.wait(wait_s):
                return False
            threading.Event().wait(_CLOSE_S)  # until the acknowledgement is on its way
    except PeerTrouble as trouble:
        if trouble.code == "no_context":
            raise PeerTrouble("commitment_not_offered", trouble.detail) from trouble
        raise
    return True


def _request(sending: Sending, dataset: Dataset) -> None:
    try:
        status, _reply = sending.association.send_n_action(dataset, ACTION, SOP_CLASS, SOP_INSTANCE)
    except ValueError as exc:
        raise PeerTrouble("commitment_not_offered", str(exc)) from exc
    except RuntimeError as exc:
        raise PeerTrouble("went_away", str(exc)) from exc
    if "Status" not in status:
        raise PeerTrouble("went_away" if sending.association.is_aborted else "no_answer")
    if status.Status != 0:
        raise PeerTrouble("commitment_refused", f"0x{status.Status:04X}")


def commitment_report(path: Path) -> Report:
    """Read a spooled N-EVENT-REPORT.  DataError `not_dicom`, `parse_error`, `missing_tag`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # UIDs out of form are compared all the same
        try:
            dataset = dcmread(path)
            transaction = str(dataset.get("TransactionUID") or "").strip("\0 ")
            found = [_uid(item) for item in dataset.get("ReferencedSOPSequence") or ()]
            failed = [(_uid(item), _reason(item)) for item in dataset.get("FailedSOPSequence") or ()]
        except InvalidDicomError as exc:
            raise DataError("not_dicom") from exc
        except (AttributeError, EOFError, KeyError, NotImplementedError, TypeError, ValueError) as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc
    if not transaction:
        raise DataError("missing_tag", tag="TransactionUID")
    return Report(transaction, frozenset(found), tuple(failed))


def _uid(item: Dataset) -> str:
    return str(item.get("ReferencedSOPInstanceUID") or "").strip("\0 ")


def _reason(item: Dataset) -> int | None:
    value = item.get("FailureReason")
    return None if value is None else int(value)
