"""Patients: a keyed hash and what statistics need; names and numbers encrypted apart."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yingheng.common.ids import uuid7


class Patient(models.Model):
    """One patient id of one hospital.  `key` is the HMAC-SHA-256 of the id with the installation's key.

    Birth year and sex are those of the header with the lowest `source_key`, so that the order of arrival does
    not matter.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64, editable=False)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    source_key = models.CharField(max_length=260, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "key"], name="patient_natural_key"),)

    def __str__(self) -> str:
        return self.key[:8]


class PatientName(models.Model):
    """Name and patient id of a patient, each encrypted (Fernet) with a key of the data folder."""

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.CASCADE, related_name="secret")
    name_cipher = models.BinaryField()
    number_cipher = models.BinaryField()

    def __str__(self) -> str:
        return str(self.patient_id)


class PatientLink(models.Model):
    """Two patient ids of one hospital that are one person; a merge is a link, nothing is rewritten."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links_in")
    merged = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links_out")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["merged"], name="patient_link_once"),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="patient_link_two_patients"),
        )

    def __str__(self) -> str:
        return f"{self.merged_id} -> {self.kept_id}"
