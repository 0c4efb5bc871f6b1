"""Writes the DICOM conformance statement from the code that it speaks of.

python tools/conformance.py            writes docs/conformance/dicom.md
python tools/conformance.py --check    exit code 1 when the page says something else
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from yingheng.ingest.receiver import config, pdus
from yingheng.ingest.receiver.dimse import Field
from yingheng.ingest.receiver.messages import SPOOLED
from yingheng.ingest.receiver.reasons import REJECTIONS, STATUSES, WORDS, status_of
from yingheng.ingest.receiver.sopclasses import STORAGE_CLASSES
from yingheng.ingest.receiver.syntaxes import COMMITMENT, LOSSLESS, PROCEDURE_STEP, RARE, VERIFICATION, Service

PAGE = Path(__file__).resolve().parent.parent / "docs" / "conformance" / "dicom.md"
CONTEXTS = {
    Service.VERIFICATION: f"Verification ({VERIFICATION})",
    Service.STORAGE: "Storage (table below)",
    Service.PROCEDURE_STEP: f"Modality Performed Procedure Step ({PROCEDURE_STEP})",
    Service.COMMITMENT: f"Storage Commitment Push Model ({COMMITMENT})",
}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def services() -> str:
    commands = {(service, "SCP"): [] for service in Service}
    commands[Service.VERIFICATION, "SCP"] = [Field.C_ECHO.name]
    for service, field in SPOOLED:  # a report comes from the provider: we are the user then, though it calls us
        role = "SCU" if field == Field.N_EVENT_REPORT else "SCP"
        commands.setdefault((service, role), []).append(Field(field).name)
    rows = [
        (CONTEXTS[service], role, ", ".join(names).replace("_", "-")) for (service, role), names in commands.items()
    ]
    return table(("SOP class", "Role", "Operations"), rows)


def rejections() -> str:
    rows = [(*REJECTIONS[reason], f"`{reason}`", WORDS[reason].en) for reason in REJECTIONS]
    return table(("Result", "Source", "Reason", "Logged as", "Meaning"), rows)


def statuses() -> str:
    rows = [("0000", "0000", "", "stored durably (C-ECHO: alive)")]
    rows += [
        (f"{status_of(reason, of_store=True):04X}", f"{status_of(reason, of_store=False):04X}", f"`{reason}`",
         WORDS[reason].en)
        for reason in STATUSES
    ]  # fmt: skip
    return table(("C-STORE", "Other operations", "Logged as", "Meaning"), rows)


def limits() -> str:
    found = config.Limits()
    rows = [
        ("Maximum PDU offered", f"{found.max_pdu} bytes"),
        ("A-ASSOCIATE-RQ", f"{pdus.MAX_REQUEST} bytes"),
        ("Command set", f"{found.max_command} bytes"),
        ("Data set", f"{found.max_object} bytes"),
        ("Associations at once, each process", found.max_associations),
        ("Association request complete (ARTIM)", f"{found.request_s:g} s"),
        ("Idle between messages", f"{found.idle_s:g} s"),
        ("Rest of a message that has begun, each PDU", f"{found.stalled_s:g} s"),
        ("Peer closes after release, rejection or abort (ARTIM)", f"{found.closing_s:g} s"),
        ("Asynchronous operations", "1 invoked, 1 performed (not negotiated)"),
    ]
    return table(("Limit", "Value"), rows)


def page() -> str:
    """The whole statement."""
    return TEXT.format(
        title=config.AE_TITLE, port=config.PORT, uid=config.IMPLEMENTATION_UID, name=config.IMPLEMENTATION_NAME,
        services=services(), rejections=rejections(), statuses=statuses(), limits=limits(),
        lossless=table(("Transfer syntax",), [(uid,) for uid in LOSSLESS]), rare=", ".join(RARE),
        classes=table(("SOP class", "UID"), [(name, uid) for uid, name in STORAGE_CLASSES.items()]),
    )  # fmt: skip


TEXT = """# DICOM conformance statement

Written by `tools/conformance.py` from the code; `make docs` refuses a page that says something else. It covers
receiving: the application entity behind `yingheng receive`.

## Implementation

| | |
|---|---|
| Implementation class UID | {uid} |
| Implementation version name | {name} |
| Application context | 1.2.840.10008.3.1.1.1 |
| Usual AE title | {title} |
| Usual port | {port} |

One listener answers under as many AE titles as are set up; the called title decides to which hospital an association
belongs. It never opens associations of its own.

## Services

{services}
Objects are kept bit by bit as they came (level 2, full), behind file meta information that depends on nothing but what
was negotiated and sent. **Success is answered when the file has been synced to disk and has its name there**, never
before. The catalogue is filled afterwards: an object that turns out unreadable, or to contradict one that is there, is
put aside for a person and not refused on the network.

Requests of Modality Performed Procedure Step and of storage commitment are kept the same way and acted on afterwards.
The receiver itself knows no procedure steps: it does not find out that one exists already (0111) or does not exist
(0112). The result of a commitment request is not sent in the association that carried the request.

## Associations that the platform opens

Sending and asking are done by other processes than the listener's.

| SOP class | Role | Operations |
|---|---|---|
| Verification | SCU | C-ECHO |
| Storage: the classes of the objects that are sent | SCU | C-STORE |
| Storage Commitment Push Model | SCU | N-ACTION; N-EVENT-REPORT on the same or the destination's own association |
| Storage Commitment Push Model | SCP | N-EVENT-REPORT, over an association of its own with the role proposed |
| Study Root Query/Retrieve | SCU | C-FIND, C-GET (objects received as SCP), C-MOVE to the listener |
| Modality Worklist | SCU | C-FIND |

Objects go out in the transfer syntax in which they came where the destination takes it, else uncompressed. Each is sent
at least once: after a process was killed, up to a hundred objects may come a second time. Commitment is asked for after
an exam was sent; an object is safe only when a report names it, and a request without a report times out.

## What ends an association

C-CANCEL is ignored. Operations on contexts that were not accepted, responses, fragments out of order and everything
else that breaks PS3.7 or PS3.8 end in A-ABORT.

## Association policy

{limits}
A sender must be registered for the hospital of the called title, and come from a registered address if any are named;
a title may be opened to everybody. Titles are compared letter by letter. Changes hold for the next association. A
called title without a registered sender answers C-ECHO no better than C-STORE.

{rejections}
When the receiver is stopped, objects under way are finished, idle associations are asked to release (A-RELEASE-RQ) and
what does not end within the grace is aborted.

## Presentation contexts

Abstract syntaxes: verification, storage commitment push, modality performed procedure step, every storage class of the
table below, every other UID below 1.2.840.10008.5.1.4.1.1 that is no query, and **every private UID, which is taken for
a storage class**: only C-STORE is answered in such a context. Roles are agreed to as proposed for storage commitment
alone, so that a destination can report over an association of its own; other role selections, extended behaviour and
user identity are read past.

Transfer syntaxes of storage: **any**. Of those proposed for one context the first of the best kind is chosen: without
loss (table), with loss (the others below 1.2.840.10008.1.2.4), rare ({rare}),
then all others. A sender is thus never
asked to compress with loss when it offered another way. The other services take implicit and explicit VR little endian.

{lossless}
## Statuses

{statuses}
Failures carry the reason as Error Comment (0000,0902).

## Security

TLS 1.2 or newer when a certificate and a key are given; with an authority given too, senders must show a certificate
signed by it. Without TLS anybody on the network can read and send under a registered title from a registered address.

## Log

Every association that ended or was refused is a line in `log/associations-YYYYMMDD.jsonl` of the data folder, with the
reason as above; a connection that closes without having sent a byte leaves none.

## Storage SOP classes

{classes}"""


def main() -> int:
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv:
        print("docs/conformance/dicom.md is not up to date: run tools/conformance.py")
        return 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print("docs/conformance/dicom.md: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
