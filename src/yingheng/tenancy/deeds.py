"""What people did, in words: the actions of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: Mapping[str, Promise] = {
    "baseline.set": _("Baseline set"),
    "catalog.quarantine_discard": _("Put-aside object discarded"),
    "device.change_withdrawn": _("Change of a device taken back"),
    "device.changed": _("Change of a device recorded"),
    "device.confirm": _("Device confirmed"),
    "device.release": _("Device released"),
    "device.restrict": _("Device restricted"),
    "device.stop": _("Device taken out of use"),
    "exam.evaluate": _("New evaluation asked for"),
    "exam.item_follow": _("Exam item left to the dictionary"),
    "exam.item_set": _("Exam item set"),
    "finding.close": _("Finding closed"),
    "finding.confirm": _("Finding confirmed"),
    "finding.overrule": _("Finding overruled"),
    "finding.withdraw": _("Decision on a finding taken back"),
    "ingest.folder_import": _("Folder imported"),
    "item_mapping.item": _("Text matched to an exam item"),
    "item_mapping.not_exam": _("Text marked as no exam of the list"),
    "item_mapping.open": _("Match of a text taken back"),
    "item_mapping.rejected": _("Suggested match turned down"),
    "job.retry": _("Job queued again"),
    "membership.grant": _("Role granted"),
    "membership.revoke": _("Role revoked"),
    "organisation.create": _("Organisation created"),
    "password.change": _("Own password changed"),
    "password.reset": _("Password reset"),
    "patient.merge": _("Patients merged"),
    "person.put": _("Member of staff recorded"),
    "retake.record": _("Retake recorded"),
    "room.put": _("Room recorded"),
    "rules.create": _("Draft of rules begun"),
    "rules.criterion": _("Criterion of a draft changed"),
    "rules.discard": _("Draft of rules discarded"),
    "rules.publish": _("Rules published"),
    "rules.take": _("Criteria taken into a draft"),
    "rules.try": _("Trial run asked for"),
    "rules.withdraw": _("Rules withdrawn"),
    "session.open": _("Signed in"),
    "standard.adopt": _("Standard taken into use"),
    "standard.stop": _("Standard taken out of use"),
    "user.activate": _("Account opened again"),
    "user.create": _("Account created"),
    "user.deactivate": _("Account closed"),
    "verdict.confirm": _("Verdict confirmed"),
    "verdict.judge": _("Verdict given"),
    "verdict.overrule": _("Verdict overruled"),
    "verdict.withdraw": _("Decision on a verdict taken back"),
}


def deed(action: str) -> str:
    """The action in words; the code itself for one of another version."""
    return str(ACTIONS.get(action, action))
