"""Proof that the log is whole: every hash recomputed, every number in its place, every tail present."""

from dataclasses import dataclass

from yingheng.audit.digest import entry_digest
from yingheng.audit.models import Chain, Entry


@dataclass(frozen=True)
class Broken:
    """One place where a chain does not hold. `what` is one of `changed`, `unlinked`, `missing`, `tail`."""

    chain: str
    sequence: int
    what: str


def verify_chain(chain: str) -> list[Broken]:
    """Every broken place of one chain, in order; empty when it is whole.

    changed : an entry's content does not match its hash.   unlinked : it does not continue the entry before it.
    missing : numbers are left out before it.   tail : the newest entries are gone, or the head was replaced.
    """
    broken: list[Broken] = []
    sequence, previous = 0, ""
    for entry in Entry.objects.filter(chain=chain).order_by("sequence").iterator(chunk_size=1000):
        if entry.sequence != sequence + 1:
            broken.append(Broken(chain, entry.sequence, "missing"))
        elif entry.previous != previous:
            broken.append(Broken(chain, entry.sequence, "unlinked"))
        if entry_digest(entry) != entry.digest:
            broken.append(Broken(chain, entry.sequence, "changed"))
        sequence, previous = entry.sequence, entry.digest
    head = Chain.objects.filter(name=chain).first()
    if (sequence, previous) != ((head.length, head.head) if head else (0, "")):
        broken.append(Broken(chain, max(sequence, head.length if head else 0), "tail"))
    return broken


def verify_all() -> list[Broken]:
    """The broken places of every chain, also of one whose head was removed."""
    names = set(Chain.objects.values_list("name", flat=True)) | set(
        Entry.objects.order_by().values_list("chain", flat=True).distinct()
    )
    return [place for name in sorted(names) for place in verify_chain(name)]
