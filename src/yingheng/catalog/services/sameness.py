"""Whether an object that comes again under a known UID is the one that is known, and bytes that nobody needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from imagingqc.dicom.same import difference
from imagingqc.errors import Reason
from yingheng.catalog.arrivals import CatalogueItem
from yingheng.catalog.models import Instance, Quarantine
from yingheng.catalog.storage import Storage
from yingheng.common.errors import NotFound
from yingheng.tenancy.models import Organisation

# SOP Instance UID and the hashes of two files that carry it -> in what their objects differ, None: they do not.
Twins = Mapping[tuple[str, str, str], Reason | None]


def twins_compare(hospital: Organisation, items: Sequence[CatalogueItem], storage: Storage) -> Twins:
    """Compare objects of a batch with the catalogued or earlier one of their UID where the bytes of the files differ.

    Reads files, so it is done before the transaction.  What comes between the two is not in it and counts as differing.
    """
    rows = Instance.objects.filter(hospital=hospital, sop_uid__in={i.instance.sop_uid for i in items})
    first = {uid: (sha256, key) for uid, sha256, key in rows.values_list("sop_uid", "sha256", "storage_key")}
    out: dict[tuple[str, str, str], Reason | None] = {}
    for item in items:
        uid = item.instance.sop_uid
        known = first.setdefault(uid, (item.sha256, item.storage_key))
        pair = (uid, known[0], item.sha256)
        if known[0] != item.sha256 and pair not in out:
            out[pair] = _difference(storage, known[1], item.storage_key)
    return out


def _difference(storage: Storage, known: str, come: str) -> Reason | None:
    paths: list[Path] = []
    for key in (known, come):
        try:
            paths.append(storage.local_path(key))
        except NotFound:
            return Reason("object_not_comparable")
    return difference(*paths)


def spare_bytes_remove(keys: Iterable[str], *, storage: Storage) -> int:
    """Remove stored bytes that no row of the catalog names; returns how many objects that were.

    For keys of objects that are stored once already in another wrapping: nobody will name them.
    """
    wanted = set(keys)
    if not wanted:
        return 0
    hashes = {Path(key).stem for key in wanted}
    for rows in (Instance.objects, Quarantine.objects):
        wanted -= set(rows.filter(sha256__in=hashes, storage_key__in=wanted).values_list("storage_key", flat=True))
    for key in wanted:
        storage.remove(key)
    return len(wanted)
