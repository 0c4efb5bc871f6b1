import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids
from yingheng.sheets import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("sheets", "0001_initial"),
        ("sheets", "0002_submitted_stays"),
    ]

    dependencies = [
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Template",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("subject", models.CharField(help_text="kind of subject", max_length=32)),
                ("title", models.CharField(max_length=200)),
                ("title_en", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("published", "published"), ("withdrawn", "withdrawn")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("created_by_id", models.CharField(blank=True, max_length=64)),
                ("created_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("published_by_id", models.CharField(blank=True, max_length=64)),
                ("published_by_name", models.CharField(blank=True, max_length=150)),
                ("published_at", models.DateTimeField(null=True)),
                ("withdrawn_by_name", models.CharField(blank=True, max_length=150)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_reason", models.TextField(blank=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("hospital"),
                        models.F("key"),
                        models.OrderBy(models.F("version"), descending=True),
                        name="sheet_template_newest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("hospital__isnull", False)),
                        fields=("hospital", "key", "version"),
                        name="sheet_template_key",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("hospital__isnull", True)),
                        fields=("key", "version"),
                        name="sheet_template_product_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", True), ("state", "draft")),
                            models.Q(("published_at__isnull", False), ("state__in", ["published", "withdrawn"])),
                            _connector="OR",
                        ),
                        name="sheet_template_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "withdrawn"),
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawn_reason", ""), _negated=True),
                            ),
                            models.Q(("state__in", ["draft", "published"]), ("withdrawn_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="sheet_template_withdrawn",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Response",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=32)),
                ("subject_id", models.CharField(max_length=64)),
                ("subject_label", models.CharField(blank=True, max_length=200)),
                (
                    "occasion",
                    models.CharField(help_text="what it was filled in for: a local day, a due …", max_length=100),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("reason", models.TextField(blank=True, help_text="why an earlier version was corrected")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("submitted", "submitted")], default="draft", max_length=10
                    ),
                ),
                ("is_current", models.BooleanField(default=True)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("typed", models.JSONField(default=dict)),
                ("answers", models.JSONField(default=dict)),
                ("record", models.JSONField(default=list)),
                ("measurements", models.JSONField(default=list, help_text="Measurement.as_dict()")),
                ("verdicts", models.JSONField(default=list, help_text="Verdict.as_dict()")),
                ("score", models.JSONField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=16)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "local_day",
                    models.DateField(
                        help_text="the hospital's day on which it was begun, of a submitted one submitted"
                    ),
                ),
                ("begun_by_id", models.CharField(blank=True, max_length=64)),
                ("begun_by_name", models.CharField(blank=True, max_length=150)),
                ("begun_at", models.DateTimeField()),
                ("saved_by_name", models.CharField(blank=True, max_length=150)),
                ("saved_at", models.DateTimeField()),
                ("submitted_by_id", models.CharField(blank=True, max_length=64)),
                ("submitted_by_name", models.CharField(blank=True, max_length=150)),
                ("submitted_at", models.DateTimeField(null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="sheets.response",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="responses", to="sheets.template"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("subject_type"),
                        models.F("subject_id"),
                        models.OrderBy(models.F("begun_at"), descending=True),
                        name="sheet_response_subject",
                    ),
                    models.Index(
                        models.F("hospital"),
                        models.OrderBy(models.F("begun_at"), descending=True),
                        name="sheet_response_newest",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("template", "subject_type", "subject_id", "occasion", "version"),
                        name="sheet_response_key",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("template", "subject_type", "subject_id", "occasion"),
                        name="sheet_response_one_draft",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "draft"), ("submitted_at__isnull", True)),
                            models.Q(
                                ("state", "submitted"),
                                ("submitted_at__isnull", False),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="sheet_response_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("supersedes__isnull", True), ("version", 1)),
                            models.Q(
                                ("supersedes__isnull", False),
                                ("version__gt", 1),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="sheet_response_correction",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
