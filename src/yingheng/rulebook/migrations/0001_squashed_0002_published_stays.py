import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids
from yingheng.rulebook import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("rulebook", "0001_initial"),
        ("rulebook", "0002_published_stays"),
    ]

    dependencies = [
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="RuleEdition",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=120)),
                ("base", models.CharField(blank=True, help_text="id of the standard it started from", max_length=120)),
                ("title", models.CharField(max_length=200)),
                ("title_en", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
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
                ("valid_from", models.DateField(help_text="first local day", null=True)),
                ("published_by_id", models.CharField(blank=True, max_length=64)),
                ("published_by_name", models.CharField(blank=True, max_length=150)),
                ("published_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True, help_text="what was signed off")),
                ("untried_reason", models.TextField(blank=True, help_text="why it was published without a trial run")),
                ("withdrawn_by_id", models.CharField(blank=True, max_length=64)),
                ("withdrawn_by_name", models.CharField(blank=True, max_length=150)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_reason", models.TextField(blank=True)),
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
                        models.F("hospital"),
                        models.OrderBy(models.F("number"), descending=True),
                        name="rule_edition_newest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "number"), name="rule_edition_number"),
                    models.UniqueConstraint(fields=("code",), name="rule_edition_code"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "published", "withdrawn"])),
                        name="rule_edition_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", True), ("state", "draft"), ("valid_from__isnull", True)),
                            models.Q(
                                ("published_at__isnull", False),
                                ("state__in", ["published", "withdrawn"]),
                                ("valid_from__isnull", False),
                                models.Q(("text", ""), _negated=True),
                                models.Q(("sha256", ""), _negated=True),
                                models.Q(("note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="rule_edition_signed",
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
                        name="rule_edition_withdrawn",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "waiting"), ("done", "Done"), ("failed", "not possible")],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("asked_by_id", models.CharField(blank=True, max_length=64)),
                ("asked_by_name", models.CharField(blank=True, max_length=150)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("n_sets", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(default=dict, help_text="ShadowResult.as_dict()")),
                ("error", models.CharField(blank=True, help_text="code of the refusal", max_length=80)),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shadow_runs",
                        to="rulebook.ruleedition",
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
                "indexes": [
                    models.Index(
                        models.F("edition"),
                        models.OrderBy(models.F("asked_at"), descending=True),
                        name="shadow_run_newest",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["asked", "done", "failed"])), name="shadow_run_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lte", models.F("last_day"))), name="shadow_run_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "asked")),
                            models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                            _connector="OR",
                        ),
                        name="shadow_run_finished",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardUse",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("standard", models.CharField(max_length=120)),
                ("from_day", models.DateField(help_text="first day; empty: from the beginning", null=True)),
                ("to_day", models.DateField(help_text="last day; empty: until further notice", null=True)),
                ("set_by_id", models.CharField(blank=True, max_length=64)),
                ("set_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("ended_by_name", models.CharField(blank=True, max_length=150)),
                ("ended_at", models.DateTimeField(null=True)),
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
                        condition=models.Q(("to_day__isnull", True)),
                        fields=("hospital", "standard"),
                        name="standard_use_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("to_day__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("to_day__isnull", False)),
                            _connector="OR",
                        ),
                        name="standard_use_end_has_time",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
