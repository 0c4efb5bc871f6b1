"""Who may send to us and whom we send to or ask: application entities (PS3.8) of a hospital."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class LocalAE(models.Model):
    """An AE title under which we answer: it decides to which hospital an association belongs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    ae_title = models.CharField(_("AE title"), max_length=16, unique=True)
    is_open = models.BooleanField(
        _("accepts unknown senders"), default=False, help_text=_("whoever reaches the port may send under this title")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("ae_title",)

    def __str__(self) -> str:
        return self.ae_title


class Trying(models.Model):
    """How a partner that we call has answered lately; written by whoever calls it, never by a form."""

    reached_at = models.DateTimeField(null=True, editable=False, help_text="when it last took what we sent")
    failing_since = models.DateTimeField(null=True, editable=False)
    n_failures = models.PositiveIntegerField(default=0, editable=False, help_text="in a row")
    next_try_at = models.DateTimeField(null=True, editable=False, help_text="not called before then")
    trouble = models.CharField(max_length=64, blank=True, editable=False, help_text="code of the last failure")
    trouble_detail = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True


class RemoteAE(Trying):
    """An AE of somebody else: a modality that sends, a PACS that we send to or ask, a worklist server."""

    class Tls(models.TextChoices):
        NONE = "none", _("no TLS")
        TLS = "tls", _("TLS")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    ae_title = models.CharField(_("AE title"), max_length=16)
    addresses = models.JSONField(
        _("addresses"), default=list, blank=True, help_text=_("addresses or networks it calls from; none: any")
    )
    host = models.CharField(_("host"), max_length=253, blank=True, help_text=_("where we reach it"))
    port = models.PositiveIntegerField(_("port"), null=True, blank=True)
    tls = models.CharField(max_length=8, choices=Tls.choices, default=Tls.NONE)
    may_send = models.BooleanField(_("may send to us"), default=False)
    is_destination = models.BooleanField(_("we send to it"), default=False)
    wants_commitment = models.BooleanField(
        _("ask for storage commitment"), default=False, help_text=_("after sending: whether it keeps what it took")
    )
    is_archive = models.BooleanField(_("we query and retrieve from it"), default=False)
    is_worklist = models.BooleanField(_("it answers worklist queries"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["hospital", "ae_title", "host", "port"], name="remote_ae_natural_key"),
            models.CheckConstraint(
                condition=Q(is_destination=False, is_archive=False, is_worklist=False)
                | (~Q(host="") & Q(port__isnull=False)),
                name="remote_ae_reachable",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.ae_title})"
