"""Organisations, people and who holds which role where."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yingheng.audit.actor import Actor
from yingheng.common.ids import uuid7
from yingheng.tenancy.roles import ADMINISTRATORS, ROLES


class Organisation(models.Model):
    """A node of the tree region › prefecture › county › hospital › department. A scope is a prefix of `path`."""

    class Kind(models.TextChoices):
        REGION = "region", _("Region")
        PREFECTURE = "prefecture", _("Prefecture")
        COUNTY = "county", _("County")
        HOSPITAL = "hospital", _("Hospital")
        DEPARTMENT = "department", _("Department")

    class Level(models.TextChoices):
        TERTIARY = "三级", _("Tertiary")
        SECONDARY = "二级", _("Secondary")
        PRIMARY = "基层", _("Primary care")
        SPECIAL = "专科", _("Specialised")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=255, unique=True)
    level = models.CharField(max_length=4, choices=Level.choices, blank=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("path",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("region", "prefecture", "county", "hospital", "department")),
                name="tenancy_organisation_kind",
            ),
            models.CheckConstraint(
                condition=Q(path__startswith="/") & Q(path__endswith="/"), name="tenancy_organisation_path"
            ),
            models.CheckConstraint(condition=Q(level="") | Q(kind="hospital"), name="tenancy_organisation_level"),
        )

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in. Rights come from memberships alone: Django's flags and groups grant nothing here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    first_name = None
    last_name = None
    display_name = models.CharField(_("name"), max_length=80)
    # Where the account belongs: whose administrators look after it, also while it holds no role.
    home = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(_("language"), max_length=10, blank=True)
    # A program: has no password and signs in nowhere, comes by access tokens alone.
    is_machine = models.BooleanField(_("machine account"), default=False)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True, blank=True)

    REQUIRED_FIELDS = ()

    class Meta:
        ordering = ("username",)

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def actor(self) -> Actor:
        """This person as the audit log keeps them."""
        return Actor(id=str(self.pk), name=str(self))


class Membership(models.Model):
    """A role held by a person at an organisation and everything below it, for a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(key, key) for key in ROLES])
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)  # last day it holds; None: until revoked
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "organisation", "role"),
                condition=Q(revoked_at__isnull=True),
                name="tenancy_membership_once",
            ),
            # The three administrators exclude each other: one person never holds two of the seats at once.
            models.UniqueConstraint(
                fields=("user",),
                condition=Q(revoked_at__isnull=True, role__in=ADMINISTRATORS),
                name="tenancy_membership_one_admin_seat",
            ),
            models.CheckConstraint(condition=Q(role__in=tuple(ROLES)), name="tenancy_membership_role"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="tenancy_membership_dates",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.organisation}"

    @property
    def permissions(self) -> frozenset[str]:
        """What this role allows."""
        return ROLES[self.role].permissions


class ApiToken(models.Model):
    """A secret by which a program acts as `user`, kept as SHA-256 alone: the token itself is shown once.

    `permissions`: what it is narrowed to; none: whatever its user may do.  It never allows more than that.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)  # its first characters, to tell it from others
    permissions = models.JSONField(default=list, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_address = models.CharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("user", "name"), condition=Q(revoked_at__isnull=True), name="tenancy_token_name"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="tenancy_token_dates"),
        )

    def __str__(self) -> str:
        return self.name
