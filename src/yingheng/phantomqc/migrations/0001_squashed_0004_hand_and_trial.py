import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids
from yingheng.phantomqc import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("phantomqc", "0001_initial"),
        ("phantomqc", "0002_stays"),
        ("phantomqc", "0003_instrument_readings"),
        ("phantomqc", "0004_hand_and_trial"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0009_exam_is_phantom"),
        ("registry", "0001_squashed_0005_person_account"),
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="GateSetting",
            fields=[
                (
                    "hospital",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="tenancy.organisation",
                    ),
                ),
                ("hours", models.PositiveSmallIntegerField(default=4)),
                ("changed_by_name", models.CharField(max_length=150)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DeviceTest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("template", models.CharField(max_length=60)),
                ("edition", models.PositiveIntegerField(help_text="of the template")),
                (
                    "test_type",
                    models.CharField(
                        choices=[
                            ("acceptance", "acceptance test"),
                            ("status", "status test"),
                            ("constancy", "constancy test"),
                        ],
                        max_length=12,
                    ),
                ),
                ("local_day", models.DateField()),
                ("number", models.PositiveSmallIntegerField(default=1, help_text="of that day")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "in progress"), ("submitted", "submitted")], default="open", max_length=12
                    ),
                ),
                ("outcome", models.CharField(blank=True, max_length=16)),
                (
                    "items",
                    models.JSONField(default=list, help_text="as submitted: item, source, outcome, values, verdicts"),
                ),
                ("note", models.TextField(blank=True)),
                ("begun_by_name", models.CharField(blank=True, max_length=150)),
                ("begun_at", models.DateTimeField()),
                ("submitted_by_id", models.CharField(blank=True, max_length=64)),
                ("submitted_by_name", models.CharField(blank=True, max_length=150)),
                ("submitted_at", models.DateTimeField(null=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="device_tests", to="registry.device"
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
                    models.Index(fields=["hospital", "state", "-local_day"], name="device_test_list"),
                    models.Index(fields=["device", "-local_day"], name="device_test_device"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("device", "template", "local_day", "number"), name="device_test_natural_key"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("device", "template", "local_day"),
                        name="device_test_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("state", "open"), ("submitted_at__isnull", True)),
                            models.Q(
                                ("state", "submitted"),
                                ("submitted_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="device_test_submitted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InstrumentReading",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("instrument", models.CharField(max_length=120)),
                ("certificate", models.CharField(blank=True, max_length=120)),
                ("number", models.CharField(help_text="the instrument's id of the reading", max_length=120)),
                ("reading", models.CharField(max_length=60)),
                (
                    "test_type",
                    models.CharField(
                        choices=[
                            ("acceptance", "acceptance test"),
                            ("status", "status test"),
                            ("constancy", "constancy test"),
                        ],
                        max_length=12,
                    ),
                ),
                ("item", models.CharField(blank=True, max_length=40)),
                ("given", models.JSONField(help_text="as it came")),
                ("values", models.JSONField(help_text="Measurement.as_dict()")),
                ("verdicts", models.JSONField(help_text="Verdict.as_dict()")),
                ("local_day", models.DateField()),
                ("made_by_id", models.CharField(blank=True, max_length=64)),
                ("made_by_name", models.CharField(blank=True, max_length=150)),
                ("made_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.device"
                    ),
                ),
                (
                    "device_test",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="phantomqc.devicetest",
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
                "indexes": [models.Index(fields=["device", "-made_at"], name="instrument_reading_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "instrument", "number"), name="instrument_reading_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemValue",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("item", models.CharField(max_length=40)),
                (
                    "source_type",
                    models.CharField(
                        choices=[
                            ("run", "analysis of images"),
                            ("response", "filled-in sheet"),
                            ("instrument", "sent by an instrument"),
                        ],
                        max_length=12,
                    ),
                ),
                ("source_id", models.UUIDField()),
                ("values", models.JSONField()),
                ("verdicts", models.JSONField()),
                ("outcome", models.CharField(max_length=16)),
                ("refused", models.CharField(blank=True, max_length=60)),
                ("made_by_name", models.CharField(blank=True, max_length=150)),
                ("made_at", models.DateTimeField()),
                (
                    "device_test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="values", to="phantomqc.devicetest"
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
                "indexes": [models.Index(fields=["device_test", "item", "-made_at"], name="item_value_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source_type__in", ["run", "response", "instrument"])),
                        name="item_value_source_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PhantomSelector",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("position", models.PositiveSmallIntegerField(default=10)),
                ("modalities", models.JSONField(default=list)),
                ("words", models.JSONField(default=list)),
                ("test", models.CharField(max_length=40)),
                (
                    "test_type",
                    models.CharField(
                        choices=[
                            ("acceptance", "acceptance test"),
                            ("status", "status test"),
                            ("constancy", "constancy test"),
                        ],
                        max_length=12,
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                ("together", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.device"
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
                "indexes": [models.Index(fields=["hospital", "is_active", "position"], name="phantom_selector_order")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("test_type__in", ["acceptance", "status", "constancy"])),
                        name="phantom_selector_type",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PhantomCase",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("key", models.CharField(max_length=64)),
                ("series", models.JSONField(help_text="ids of catalog.Series, sorted")),
                ("test", models.CharField(blank=True, max_length=40)),
                (
                    "test_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("acceptance", "acceptance test"),
                            ("status", "status test"),
                            ("constancy", "constancy test"),
                        ],
                        max_length=12,
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                (
                    "origin",
                    models.CharField(
                        choices=[("rule", "a rule"), ("word", "its name"), ("person", "a person")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unknown", "which test?"),
                            ("asked", "to be analysed"),
                            ("done", "analysed"),
                            ("dismissed", "put aside"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="why it was put aside")),
                (
                    "asked_reason",
                    models.TextField(blank=True, default="", help_text="why a person had it analysed anew"),
                ),
                (
                    "trial",
                    models.JSONField(default=dict, help_text="what the tests tried on it said: see services.trying"),
                ),
                ("is_patient", models.BooleanField(default=False, help_text="a person said that it is no phantom")),
                ("changed_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.device"
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="phantom_cases", to="catalog.exam"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "selector",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="phantomqc.phantomselector",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PhantomRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("test", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=20)),
                (
                    "test_type",
                    models.CharField(
                        choices=[
                            ("acceptance", "acceptance test"),
                            ("status", "status test"),
                            ("constancy", "constancy test"),
                        ],
                        max_length=12,
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("parameters", models.JSONField(default=dict)),
                ("series", models.JSONField(help_text="ids of catalog.Series, sorted")),
                ("input_hash", models.CharField(max_length=64)),
                ("result", models.JSONField(help_text="PhantomResult.as_dict()")),
                ("phantom", models.CharField(blank=True, max_length=40)),
                ("refused", models.CharField(blank=True, help_text="reason code; empty: measured", max_length=60)),
                ("outcome", models.CharField(blank=True, max_length=16)),
                ("local_day", models.DateField()),
                ("made_at", models.DateTimeField()),
                ("asked_by_name", models.CharField(blank=True, max_length=150)),
                ("asked_reason", models.TextField(blank=True, default="")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="phantomqc.phantomcase"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="phantom_runs",
                        to="registry.device",
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
                "indexes": [models.Index(fields=["device", "test", "-made_at"], name="phantom_run_newest")],
                "constraints": [models.UniqueConstraint(fields=("case", "key"), name="phantom_run_natural_key")],
            },
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("failed", models.JSONField(help_text="[standard, criterion] of the verdicts that failed")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("announced", "announced"),
                            ("restricted", "restricted"),
                            ("called_off", "called off"),
                        ],
                        default="announced",
                        max_length=12,
                    ),
                ),
                ("announced_at", models.DateTimeField()),
                ("restrict_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("why", models.CharField(blank=True, help_text="acknowledged, time, passed, overruled", max_length=32)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.device"
                    ),
                ),
                (
                    "device_test",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restriction",
                        to="phantomqc.devicetest",
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
                        condition=models.Q(("state", "announced")), fields=["restrict_at"], name="restriction_waiting"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state", "announced")),
                            models.Q(("settled_at__isnull", False), ("state__in", ["restricted", "called_off"])),
                            _connector="OR",
                        ),
                        name="restriction_settled",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="phantomcase",
            name="run",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="phantomqc.phantomrun"
            ),
        ),
        migrations.AddIndex(
            model_name="phantomcase",
            index=models.Index(fields=["hospital", "state", "-created_at"], name="phantom_case_queue"),
        ),
        migrations.AddIndex(
            model_name="phantomcase",
            index=models.Index(fields=["device", "test", "test_type"], name="phantom_case_device"),
        ),
        migrations.AddConstraint(
            model_name="phantomcase",
            constraint=models.UniqueConstraint(fields=("exam", "key"), name="phantom_case_natural_key"),
        ),
        migrations.AddConstraint(
            model_name="phantomcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "unknown"), ("test", "")),
                    models.Q(
                        ("state__in", ["asked", "done"]),
                        models.Q(("test", ""), _negated=True),
                        models.Q(("test_type", ""), _negated=True),
                    ),
                    models.Q(("state", "dismissed"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="phantom_case_state",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
