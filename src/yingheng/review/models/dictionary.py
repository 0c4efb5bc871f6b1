"""What an organisation adds to the dictionaries of film review, and which entries it does not offer any more."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Case


class EntryKind(models.TextChoices):
    """Which dictionary an entry belongs to."""

    DEFECT = "defect", _("defect of images")
    REPORT = "report", _("defect of reports")
    POSITION = "position", _("position")


class DictionaryEntry(models.Model):
    """An entry of an organisation's own; that of a region holds for its hospitals as well.

    The code is there once in the whole installation and is never given again: results name defects by it alone.
    What the entry says is in its versions; `content` is that of the newest one, a row with the columns of the tables
    of `review.dictionary`.
    """

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("entry", "in use")
        WITHDRAWN = "withdrawn", pgettext_lazy("entry", "withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    code = models.CharField(max_length=43, unique=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    content = models.JSONField()
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["organisation", "kind"], name="review_entry_owner"),)

    def __str__(self) -> str:
        return self.code


class DictionaryVersion(models.Model):
    """What an entry said from `made_at` on.  Insert only, so that old results keep their words."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(DictionaryEntry, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=DictionaryEntry.State.choices)
    content = models.JSONField()
    reason = models.TextField(blank=True)
    made_by_id = models.CharField(max_length=64, blank=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["entry", "version"], name="review_entry_history"),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(reason=""), name="review_entry_withdrawn_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entry_id} v{self.version}"


class DictionaryChoice(models.Model):
    """What an organisation says of an entry that is not its own: not offered here, or a member of an edition.

    Insert only; of the same organisation, code, kind and edition the newest holds.
    """

    class Kind(models.TextChoices):
        HIDDEN = "hidden", _("not offered")
        MEMBER = "member", _("belongs to an edition")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    edition = models.CharField(max_length=40, blank=True)
    holds = models.BooleanField()
    reason = models.TextField(blank=True)
    made_by_id = models.CharField(max_length=64, blank=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="hidden", edition="") | (Q(kind="member") & ~Q(edition="")),
                name="review_choice_edition",
            ),
            models.CheckConstraint(
                condition=~Q(kind="hidden", holds=True) | ~Q(reason=""), name="review_choice_reason"
            ),
        )
        indexes = (models.Index(fields=["organisation", "code"], name="review_choice_owner"),)

    def __str__(self) -> str:
        return f"{self.code} {self.kind} {self.edition}"


class ReferencePicture(models.Model):
    """A picture of how a position should be, or of a typical defect; `defect` alone or with the position it is of.

    The bytes lie in the store of documents, cleaned of everything but pixels.  The row changes only when the picture
    is taken away.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    position = models.CharField(max_length=64, blank=True)
    defect = models.CharField(max_length=64, blank=True)
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    thumbnail_sha256 = models.CharField(max_length=64)
    columns = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    caption = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=300)
    licence = models.CharField(max_length=300)
    confirmed = models.CharField(max_length=300, help_text="what the uploader confirmed, word for word")
    is_demo = models.BooleanField(default=False)
    added_by_id = models.CharField(max_length=64, blank=True)
    added_by_name = models.CharField(max_length=150, blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    removed_by_name = models.CharField(max_length=150, blank=True)
    removed_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organisation", "position", "defect", "number"], name="review_picture_number"
            ),
            models.CheckConstraint(condition=~Q(position="", defect=""), name="review_picture_of"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | ~Q(removed_reason=""), name="review_picture_removed"
            ),
        )
        indexes = (
            models.Index(fields=["position"], name="review_picture_position"),
            models.Index(fields=["defect"], name="review_picture_defect"),
        )

    def __str__(self) -> str:
        return f"{self.position} {self.defect} {self.number}"


class PositionChange(models.Model):
    """A person said which position a case is of; with what was there before.  Insert only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="position_changes")
    before = models.CharField(max_length=64, blank=True)
    position = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    made_by_id = models.CharField(max_length=64, blank=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="review_position_reason"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.position}"
