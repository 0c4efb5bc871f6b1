"""Storage commitment on the wire (PS3.4 annex J): reading the request, sending the report."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pynetdicom import build_role
from pynetdicom.presentation import build_context

from imagingqc.errors import DataError
from yingheng.ingest.forwarding.scu import Peer, PeerTrouble, Sending

SOP_CLASS = "1.2.840.10008.1.20.1"
SOP_INSTANCE = "1.2.840.10008.1.20.1.1"  # the well-known one of the push model
MOST_OBJECTS = 100_000

# Failure reasons of PS3.3 C.14.1.1.
PROCESSING_FAILURE = 0x0110
NO_SUCH_OBJECT = 0x0112
CLASS_INSTANCE_CONFLICT = 0x0119

Listed = tuple[str, str]  # SOP class and SOP Instance UID


@dataclass(frozen=True, slots=True)
class Request:
    """What a sender asks us to vouch for."""

    transaction_uid: str
    objects: tuple[Listed, ...]


def commitment_request(path: Path) -> Request:
    """Read a spooled N-ACTION data set.  DataError `not_dicom`, `parse_error`, `missing_tag`, `too_many_objects`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # UIDs out of form are looked for all the same
        try:
            dataset = dcmread(path)
            transaction = str(dataset.get("TransactionUID") or "").strip("\0 ")
            items = list(dataset.get("ReferencedSOPSequence") or ())
            objects = [
                (str(item.get("ReferencedSOPClassUID") or ""), str(item.get("ReferencedSOPInstanceUID") or ""))
                for item in items
            ]
        except InvalidDicomError as exc:
            raise DataError("not_dicom") from exc
        except (AttributeError, EOFError, KeyError, NotImplementedError, TypeError, ValueError) as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc
    if not transaction:
        raise DataError("missing_tag", tag="TransactionUID")
    if not objects:
        raise DataError("missing_tag", tag="ReferencedSOPSequence")
    if len(objects) > MOST_OBJECTS:
        raise DataError("too_many_objects", n=len(objects), most=MOST_OBJECTS)
    return Request(transaction, tuple(dict.fromkeys(objects)))


def report_send(
    peer: Peer, *, transaction_uid: str, found: Iterable[Listed], failed: Iterable[tuple[Listed, int]]
) -> None:
    """Tell the sender what we vouch for and what not (N-EVENT-REPORT), over an association that we open.

    PS3.4 J.3.3 lets us choose between this and the association of the request; a sender that only listens on the
    latter gets no answer.  Raises PeerTrouble when it cannot be reached or does not take the report.
    """
    dataset, failures = Dataset(), list(failed)
    dataset.TransactionUID = transaction_uid
    dataset.ReferencedSOPSequence = [reference(one) for one in found]
    if failures:
        dataset.FailedSOPSequence = [_failure(one, reason) for one, reason in failures]
    if not dataset.ReferencedSOPSequence:
        del dataset.ReferencedSOPSequence
    with Sending(peer, [build_context(SOP_CLASS)], roles=[build_role(SOP_CLASS, scp_role=True)]) as sending:
        try:
            status, _reply = sending.association.send_n_event_report(
                dataset, 2 if failures else 1, SOP_CLASS, SOP_INSTANCE
            )
        except ValueError as exc:  # the partner does not let us be the provider here
            raise PeerTrouble("no_context", str(exc)) from exc
        except RuntimeError as exc:
            raise PeerTrouble("went_away", str(exc)) from exc
    if "Status" not in status:
        raise PeerTrouble("no_answer")
    if status.Status != 0:
        raise PeerTrouble("report_status", f"0x{status.Status:04X}")


def reference(one: Listed) -> Dataset:
    """The item of a sequence that names an object (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one
    return item


def _failure(one: Listed, reason: int) -> Dataset:
    item = reference(one)
    item.FailureReason = reason
    return item
