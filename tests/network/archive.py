"""A PACS in a thread: takes objects, refuses some, goes away in mid-exam and comes back."""

from __future__ import annotations

import threading
from collections import Counter
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification

LITTLE = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


class Archive:
    """Listens on a free port of this machine.  `failing`: SOP Instance UID -> status; `dies_after`: objects.

    `taken`: called with the number of objects that came, before the sender has its answer.
    """

    def __init__(self, *, title="PACS", syntaxes=LITTLE, classes=None):
        self.title, self.syntaxes, self.classes = title, list(syntaxes), classes
        self.objects: dict[str, Dataset] = {}
        self.times = Counter()  # by SOP Instance UID: how often it came
        self.associations = 0
        self.failing: dict[str, int] = {}
        self.dies_after = None
        self.taken = lambda _n: None
        self.port = 0
        self._server = None
        self._lock = threading.Lock()

    def open(self):
        ae = AE(ae_title=self.title)
        ae.require_called_aet = True
        ae.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            if self.classes is None or context.abstract_syntax in self.classes:
                ae.add_supported_context(context.abstract_syntax, self.syntaxes)
        self.widen(ae)
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_ACCEPTED, self._accepted), *self.handlers()]
        self._server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        self.port = self._server.socket.getsockname()[1]
        return self

    def widen(self, ae):
        """More services, in a subclass."""

    def handlers(self):
        return ()

    def close(self):
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def __enter__(self):
        return self.open()

    def __exit__(self, *_error):
        self.close()

    @property
    def uids(self):
        return set(self.objects)

    def _accepted(self, _event):
        self.associations += 1

    def _store(self, event):
        uid = str(event.request.AffectedSOPInstanceUID)
        if self.dies_after is not None and len(self.objects) >= self.dies_after:
            event.assoc.abort()
            return 0xC000
        status = self.failing.get(uid, 0)
        with self._lock:
            self.times[uid] += 1
            if status == 0 or status & 0xF000 == 0xB000:
                self.objects[uid] = whole(event)
        self.taken(self.times.total())
        return status


def whole(event) -> Dataset:
    """The object as a file would hold it."""
    out = DicomBytesIO()
    out.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(out, event.file_meta)
    return dcmread(BytesIO(out.getvalue() + event.request.DataSet.getvalue()))
