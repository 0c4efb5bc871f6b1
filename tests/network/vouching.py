"""A PACS that is asked for storage commitment: it reports at once, later over an association of its own, or never."""

from __future__ import annotations

import threading

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from tests.network.archive import Archive

COMMITMENT = "1.2.840.10008.1.20.1"
INSTANCE = "1.2.840.10008.1.20.1.1"


class Vouching(Archive):
    """`how`: "same" association, "later" (by `report`), "refuse", "without" the service; `lost`: UIDs it denies;
    `silent`: UIDs that its reports leave out."""

    def __init__(self, how="same", **more):
        super().__init__(**more)
        self.how = how
        self.lost: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[Dataset] = []
        self.statuses: list[int] = []
        self.reported = threading.Event()

    def widen(self, ae):
        if self.how != "without":
            ae.add_supported_context(COMMITMENT)

    def handlers(self):
        return [(evt.EVT_N_ACTION, self._asked)]

    def _asked(self, event):
        if self.how == "refuse":
            return 0x0110, None
        self.asked.append(event.action_information)
        if self.how == "same":
            threading.Thread(target=self._report_on, args=(event.assoc, self.asked[-1]), daemon=True).start()
        return 0x0000, None

    def report(self, port, called="YINGHENG", asked=None):
        """Over an association of our own, as the provider of the service."""
        ae = AE(ae_title=self.title)
        ae.add_requested_context(COMMITMENT)
        role = build_role(COMMITMENT, scp_role=True)
        association = ae.associate("127.0.0.1", port, ae_title=called, ext_neg=[role])
        assert association.is_established
        self._report_on(association, asked or self.asked[-1])
        association.release()

    def _report_on(self, association, asked):
        listed = [one for one in asked.ReferencedSOPSequence if one.ReferencedSOPInstanceUID not in self.silent]
        told = Dataset()
        told.TransactionUID = asked.TransactionUID
        kept = [one for one in listed if one.ReferencedSOPInstanceUID not in self.lost]
        lost = [one for one in listed if one.ReferencedSOPInstanceUID in self.lost]
        if kept:
            told.ReferencedSOPSequence = kept
        for one in lost:
            one.FailureReason = 0x0112
        if lost:
            told.FailedSOPSequence = lost
        status, _reply = association.send_n_event_report(told, 2 if lost else 1, COMMITMENT, INSTANCE)
        self.statuses.append(status.get("Status"))
        self.reported.set()
