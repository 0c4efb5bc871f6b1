import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yingheng.common.ids
from yingheng.registry import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("registry", "0001_initial"),
        ("registry", "0002_item_mapping"),
        ("registry", "0003_use_history"),
        ("registry", "0004_use_stays"),
        ("registry", "0005_person_account"),
    ]

    dependencies = [
        ("tenancy", "0001_squashed_0003_tokens"),
        ("tenancy", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExamItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=64, unique=True)),
                ("name_zh", models.CharField(max_length=200)),
                ("name_en", models.CharField(blank=True, max_length=200)),
                ("modality", models.CharField(max_length=16)),
                ("body_part", models.CharField(blank=True, max_length=64)),
                ("rules", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("active", models.BooleanField(default=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("hospital", "code"), name="room_natural_key")],
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("identity", models.CharField(editable=False, max_length=260)),
                ("maker", models.CharField(blank=True, max_length=120)),
                ("serial", models.CharField(blank=True, max_length=120)),
                ("model", models.CharField(blank=True, max_length=120)),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("station_name", models.CharField(blank=True, max_length=64)),
                ("ae_titles", models.JSONField(default=list)),
                ("name", models.CharField(blank=True, help_text="what the department calls it", max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("unconfirmed", "unconfirmed"), ("confirmed", "confirmed")],
                        default="unconfirmed",
                        max_length=16,
                    ),
                ),
                (
                    "use_state",
                    models.CharField(
                        choices=[("in_use", "in use"), ("restricted", "restricted"), ("down", "down")],
                        default="in_use",
                        max_length=16,
                    ),
                ),
                ("use_reason", models.TextField(blank=True)),
                ("use_since", models.DateTimeField(blank=True, null=True)),
                (
                    "use_finding",
                    models.UUIDField(blank=True, help_text="id of the finding behind the restriction", null=True),
                ),
                (
                    "use_evidence_type",
                    models.CharField(blank=True, help_text="what the restriction rests on", max_length=16),
                ),
                ("use_evidence_id", models.UUIDField(blank=True, null=True)),
                ("permit_until", models.DateTimeField(blank=True, help_text="end of a temporary use", null=True)),
                ("permit_reason", models.TextField(blank=True)),
                ("permit_by_name", models.CharField(blank=True, max_length=200)),
                ("first_seen", models.DateTimeField(blank=True, null=True)),
                ("last_seen", models.DateTimeField(blank=True, null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to="registry.room",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["hospital", "modality"], name="device_hospital_modality")],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "identity"), name="device_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["unconfirmed", "confirmed"])), name="device_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("use_state__in", ["in_use", "restricted", "down"])),
                        name="device_use_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("use_state", "in_use"),
                            models.Q(models.Q(("use_reason", ""), _negated=True), ("use_since__isnull", False)),
                            _connector="OR",
                        ),
                        name="device_restriction_explained",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UseChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("restrict", "restricted"),
                            ("stop", "taken out of use"),
                            ("release", "released"),
                            ("permit", "temporary use allowed"),
                            ("revoke", "temporary use ended"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("in_use", "in use"), ("restricted", "restricted"), ("down", "down")],
                        help_text="of the device afterwards",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField()),
                ("evidence_type", models.CharField(blank=True, max_length=16)),
                ("evidence_id", models.UUIDField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("actor_id", models.CharField(max_length=64)),
                ("actor_name", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="use_changes", to="registry.device"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["device", "-made_at"], name="use_change_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="use_change_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event", "permit"), ("until__isnull", False)),
                            models.Q(("event__in", ["restrict", "stop", "release", "revoke"]), ("until__isnull", True)),
                            _connector="OR",
                        ),
                        name="use_change_permit_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemMapping",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=220)),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("item", "means this item"),
                            ("not_exam", "not an exam of this list"),
                            ("open", "decision taken back"),
                            ("rejected", "suggestion turned down"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("actor_id", models.CharField(max_length=64)),
                ("actor_name", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField()),
                ("is_current", models.BooleanField()),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.examitem"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "key", "version"), name="item_mapping_history"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("hospital", "key"),
                        name="item_mapping_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("item__isnull", False), ("verb__in", ["item", "rejected"])),
                            models.Q(("item__isnull", True), ("verb__in", ["not_exam", "open"])),
                            _connector="OR",
                        ),
                        name="item_mapping_verb_and_item",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_current", True), ("verb", "rejected"), _negated=True),
                        name="item_mapping_rejections",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("staff_number", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("physician", "physician"),
                            ("technologist", "technologist"),
                            ("nurse", "nurse"),
                            ("engineer", "engineer"),
                            ("physicist", "medical physicist"),
                            ("other", "other"),
                        ],
                        default="other",
                        max_length=16,
                    ),
                ),
                ("active", models.BooleanField(default=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        help_text="their account",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="person",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "staff_number"), name="person_natural_key")
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
