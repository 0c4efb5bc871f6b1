"""Patients: a keyed hash and what statistics need; names and numbers encrypted apart."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class Patient(models.Model):
    """One patient id of one hospital.  `key` is the HMAC-SHA-256 of the id with the installation's key.

    Birth year and sex are those of the header with the lowest `source_key`, so that the order of arrival does
    not matter.  What an information system says stands above every header: it leaves `source_key` empty and `told`
    set to when it said so.  `pseudonym` stands for the patient on every page whose reader may not see the name;
    `match_key` is a keyed hash of name, birth date and sex, by which two ids of one person are suspected.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64, editable=False)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    source_key = models.CharField(max_length=260, editable=False, blank=True)
    pseudonym = models.CharField(max_length=20, blank=True, editable=False)
    match_key = models.CharField(max_length=64, blank=True, editable=False)
    told = models.CharField(max_length=64, blank=True, editable=False, help_text="time of the newest message about it")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "key"], name="patient_natural_key"),)
        indexes = (
            models.Index(fields=["hospital", "pseudonym"], name="patient_pseudonym"),
            models.Index(fields=["hospital", "match_key"], name="patient_match_key"),
        )

    def __str__(self) -> str:
        return self.pseudonym or self.key[:8]


class PatientName(models.Model):
    """Name and patient id of a patient, each encrypted (Fernet) with a key of the data folder."""

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.CASCADE, related_name="secret")
    name_cipher = models.BinaryField()
    number_cipher = models.BinaryField()

    def __str__(self) -> str:
        return str(self.patient_id)


class PatientLink(models.Model):
    """Two patient ids of one hospital that are one person; a merge is a link, nothing is rewritten.

    A link that was undone stays with who undid it and why; it counts no more.
    """

    class Origin(models.TextChoices):
        PERSON = "person", _("by a person")
        MESSAGE = "message", _("told by the information system")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links_in")
    merged = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links_out")
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.PERSON)
    reason = models.TextField(blank=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=150, blank=True)
    undone_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at__isnull=True), name="patient_link_once"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | ~Q(undone_reason=""), name="patient_link_undone_why"
            ),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="patient_link_two_patients"),
        )

    def __str__(self) -> str:
        return f"{self.merged_id} -> {self.kept_id}"
