import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids
from yingheng.documents import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("documents", "0001_initial"),
        ("documents", "0002_append_only"),
    ]

    dependencies = [
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=32)),
                ("subject_id", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[("upload", "attached"), ("report", "report")], default="upload", max_length=8
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("media_type", models.CharField(max_length=100)),
                ("created_by_id", models.CharField(blank=True, max_length=64)),
                ("created_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("removed_by_name", models.CharField(blank=True, max_length=150)),
                ("removed_at", models.DateTimeField(null=True)),
                ("removed_reason", models.TextField(blank=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("subject_type"),
                        models.F("subject_id"),
                        models.F("created_at"),
                        name="attachment_subject",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at__isnull", True)),
                        fields=("subject_type", "subject_id", "sha256"),
                        name="attachment_natural_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportOrder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("builder", models.CharField(max_length=60)),
                ("subject_id", models.CharField(max_length=100)),
                ("format", models.CharField(max_length=4)),
                ("language", models.CharField(default="zh", max_length=2)),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "being made"), ("done", "made"), ("failed", "could not be made")],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("asked_by_id", models.CharField(blank=True, max_length=64)),
                ("asked_by_name", models.CharField(blank=True, max_length=150)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, help_text="code of the refusal", max_length=80)),
                (
                    "attachment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.attachment",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hospital", "builder", "subject_id", "format", "language"), name="report_order_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=32)),
                ("subject_id", models.CharField(max_length=100)),
                ("role", models.CharField(max_length=60)),
                ("meaning", models.CharField(blank=True, max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("person_id", models.CharField(max_length=64)),
                ("person_name", models.CharField(max_length=150)),
                ("signed_at", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("subject_type"),
                        models.F("subject_id"),
                        models.F("signed_at"),
                        name="signature_subject",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_type", "subject_id", "role", "person_id", "sha256"),
                        name="signature_natural_key",
                    )
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
