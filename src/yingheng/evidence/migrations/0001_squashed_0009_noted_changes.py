import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids
from yingheng.evidence import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("evidence", "0001_initial"),
        ("evidence", "0002_append_only"),
        ("evidence", "0003_measurement_context"),
        ("evidence", "0004_trends"),
        ("evidence", "0005_acceptance"),
        ("evidence", "0006_device_tests"),
        ("evidence", "0007_baselines_stay"),
        ("evidence", "0008_points_of_readings"),
        ("evidence", "0009_noted_changes"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0009_exam_is_phantom"),
        ("registry", "0001_squashed_0005_person_account"),
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Assessment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("local_day", models.DateField(help_text="local date of the subject")),
                ("standard", models.CharField(max_length=120)),
                ("family", models.CharField(max_length=120)),
                ("valid_from", models.DateField(help_text="first day of the edition", null=True)),
                (
                    "run_kind",
                    models.CharField(
                        choices=[("auto", "automatic"), ("sheet", "from a sheet"), ("shadow", "trial run")],
                        max_length=8,
                    ),
                ),
                ("outcome", models.CharField(max_length=16)),
                ("score", models.FloatField(null=True)),
                ("n_pass", models.PositiveIntegerField(default=0)),
                ("n_pass_major", models.PositiveIntegerField(default=0, help_text="of these, of major severity")),
                ("n_fail", models.PositiveIntegerField(default=0)),
                ("n_human", models.PositiveIntegerField(default=0)),
                ("n_unassessable", models.PositiveIntegerField(default=0)),
                (
                    "n_unassessable_minor",
                    models.PositiveIntegerField(default=0, help_text="of these, of minor severity"),
                ),
                ("n_manual", models.PositiveIntegerField(default=0)),
                ("failed", models.JSONField(default=list, help_text="ids of the failed criteria")),
                ("verdicts", models.JSONField(help_text="list of Verdict.as_dict()")),
                ("run", models.JSONField(default=dict, help_text="code_version, parameters, inputs, pixel_hash")),
                ("input_hash", models.CharField(max_length=64)),
                ("content_hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="registry.device",
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="catalog.exam",
                    ),
                ),
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
                        related_name="superseded_by",
                        to="evidence.assessment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["subject_type", "subject_id", "-created_at"], name="assessment_subject_newest"
                    ),
                    models.Index(fields=["hospital", "local_day"], name="assessment_hospital_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("subject_type", "subject_id", "family", "run_kind"),
                        name="assessment_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "subject_type__in",
                                ("series", "exam", "device", "device_test", "room", "person", "department", "report"),
                            )
                        ),
                        name="assessment_subject_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE"))),
                        name="assessment_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("run_kind__in", ["auto", "sheet", "shadow"])), name="assessment_run_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Baseline",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("protocol_key", models.CharField(max_length=120)),
                ("quantity", models.CharField(max_length=120)),
                ("version", models.PositiveIntegerField()),
                ("n", models.PositiveIntegerField()),
                ("median", models.FloatField()),
                ("mad", models.FloatField(help_text="median absolute deviation, unit of the quantity")),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "starts_at",
                    models.DateTimeField(
                        help_text="start of the epoch it belongs to; null: from the beginning", null=True
                    ),
                ),
                ("last_at", models.DateTimeField(help_text="exam time of its last value", null=True)),
                ("set_by_id", models.CharField(blank=True, max_length=64)),
                ("set_by_name", models.CharField(blank=True, max_length=150)),
                ("cause", models.TextField(blank=True, help_text="what made this version necessary")),
                ("created_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="baselines", to="registry.device"
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
                        fields=("device", "protocol_key", "quantity", "version"), name="baseline_natural_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DevicePart",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("keyword", models.CharField(max_length=64)),
                ("value", models.CharField(max_length=200)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="registry.device"
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
                    models.UniqueConstraint(fields=("device", "keyword", "value"), name="device_part_natural_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("tube", "X-ray tube replaced"),
                            ("detector", "detector replaced"),
                            ("coil", "coil replaced"),
                            ("probe", "probe replaced"),
                            ("software", "software changed"),
                            ("calibration", "recalibrated"),
                            ("repair", "repaired"),
                            ("move", "moved to another place"),
                            ("protocol", "protocol changed"),
                            ("other", "other change"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("protocol_key", models.CharField(blank=True, max_length=120)),
                ("quantity", models.CharField(blank=True, max_length=120)),
                ("restarts", models.BooleanField(default=True, help_text="whether baselines begin anew")),
                ("reason", models.TextField()),
                ("made_by_id", models.CharField(max_length=64)),
                ("made_by_name", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_by_name", models.CharField(blank=True, max_length=150)),
                ("withdrawn_reason", models.TextField(blank=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="epochs", to="registry.device"
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
                "indexes": [models.Index(fields=["device", "at"], name="epoch_device")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="epoch_has_reason"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at__isnull", True),
                            models.Q(("withdrawn_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="epoch_withdrawn_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("local_day", models.DateField(help_text="local date of the subject")),
                ("quantity", models.CharField(max_length=260)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("confirmed", "confirmed"),
                            ("overruled", "overruled"),
                            ("in_action", "in action"),
                            ("verified", "verified"),
                            ("closed", "closed"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("severity", models.CharField(max_length=8)),
                ("criteria", models.JSONField(default=list)),
                ("value", models.JSONField(help_text="value of the newest failing verdict", null=True)),
                ("unit", models.CharField(blank=True, max_length=40)),
                ("evidence", models.JSONField(help_text="evidence of the newest failing verdict", null=True)),
                ("cause", models.TextField(blank=True)),
                ("input_hash", models.CharField(max_length=64)),
                ("closing_reason", models.TextField(blank=True)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("n_seen", models.PositiveIntegerField(default=1)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="evidence.assessment"
                    ),
                ),
                (
                    "closing_assessment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="evidence.assessment",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="registry.device",
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="catalog.exam",
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
                    models.Index(fields=["hospital", "state", "-last_seen_at"], name="finding_hospital_state"),
                    models.Index(fields=["subject_type", "subject_id"], name="finding_subject"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "confirmed", "in_action", "verified"])),
                        fields=("subject_type", "subject_id", "quantity"),
                        name="finding_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "subject_type__in",
                                ("series", "exam", "device", "device_test", "room", "person", "department", "report"),
                            )
                        ),
                        name="finding_subject_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "confirmed", "overruled", "in_action", "verified", "closed"])
                        ),
                        name="finding_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("state__in", ["closed", "overruled"])),
                            models.Q(
                                models.Q(("state__in", ["closed", "overruled"]), _negated=True),
                                ("closed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="finding_closed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["closed", "overruled"]), _negated=True),
                            ("closing_assessment__isnull", False),
                            models.Q(("closing_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="finding_closed_has_ground",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["veto", "major", "minor"])), name="finding_severity_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("local_day", models.DateField(help_text="local date of the subject")),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("confirm", "confirmed"),
                            ("overrule", "overruled"),
                            ("judge", "judged"),
                            ("withdraw", "withdrawn"),
                        ],
                        max_length=8,
                    ),
                ),
                ("criteria", models.JSONField(default=list)),
                ("outcome", models.CharField(blank=True, help_text="what holds by this decision", max_length=16)),
                ("reason", models.TextField(blank=True)),
                ("input_hash", models.CharField(max_length=64)),
                ("actor_id", models.CharField(max_length=64)),
                ("actor_name", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="evidence.assessment"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="registry.device",
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="catalog.exam",
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "withdraws",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawn_by",
                        to="evidence.decision",
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="evidence.finding",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject_type", "subject_id", "made_at"], name="decision_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "subject_type__in",
                                ("series", "exam", "device", "device_test", "room", "person", "department", "report"),
                            )
                        ),
                        name="decision_subject_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verb__in", ["overrule", "withdraw"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="decision_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("verb", "withdraw"), ("withdraws__isnull", False)),
                            models.Q(
                                ("verb__in", ["confirm", "overrule", "judge"]),
                                ("withdraws__isnull", True),
                                ("outcome__in", ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")),
                            ),
                            _connector="OR",
                        ),
                        name="decision_complete",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeasurementSet",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("local_day", models.DateField(help_text="local date of the subject")),
                ("method_set", models.CharField(max_length=120)),
                ("version", models.CharField(max_length=40)),
                ("input_hash", models.CharField(max_length=64)),
                ("values", models.JSONField(help_text="list of Measurement.as_dict()")),
                (
                    "context",
                    models.JSONField(default=dict, help_text="Context.as_dict(): what rules may ask of the subject"),
                ),
                ("protocol_key", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="registry.device",
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="catalog.exam",
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
                    models.Index(fields=["device", "protocol_key", "local_day"], name="measurement_set_device_day")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_type", "subject_id", "method_set", "version", "input_hash"),
                        name="measurement_set_natural_key",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("subject_type", "subject_id", "method_set"),
                        name="measurement_set_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "subject_type__in",
                                ("series", "exam", "device", "device_test", "room", "person", "department", "report"),
                            )
                        ),
                        name="measurement_set_subject_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuantityPoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("protocol_key", models.CharField(max_length=120)),
                ("quantity", models.CharField(max_length=120)),
                (
                    "subject_id",
                    models.UUIDField(
                        help_text="catalog.Series id; of tests the case of the images, or the item's value"
                    ),
                ),
                ("local_day", models.DateField()),
                ("at", models.DateTimeField(help_text="time of the exam")),
                ("value", models.FloatField(help_text="unit of the quantity")),
                ("derived", models.BooleanField(default=False)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.device"
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.exam"
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
                    models.Index(fields=["device", "protocol_key", "quantity", "at"], name="quantity_point_course"),
                    models.Index(fields=["device", "quantity", "at"], name="quantity_point_device"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("subject_id", "quantity"), name="quantity_point_natural_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Trend",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("protocol_key", models.CharField(max_length=120)),
                ("quantity", models.CharField(max_length=120)),
                ("n", models.PositiveIntegerField(help_text="points since the last change of the device")),
                (
                    "n_usable",
                    models.PositiveIntegerField(help_text="of these for a baseline; of a complete one, its n"),
                ),
                ("last_value", models.FloatField(null=True)),
                ("last_at", models.DateTimeField(null=True)),
                ("z", models.FloatField(help_text="robust z of the last value", null=True)),
                ("average", models.FloatField(help_text="EWMA after the last value, robust z", null=True)),
                ("limit", models.FloatField(help_text="what the average may reach", null=True)),
                (
                    "drift",
                    models.CharField(
                        blank=True,
                        choices=[("", "no drift"), ("above", "drifting upwards"), ("below", "drifting downwards")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("drift_since", models.DateTimeField(help_text="exam time of the first value outside", null=True)),
                ("updated_at", models.DateTimeField()),
                (
                    "baseline",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="evidence.baseline"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trends", to="registry.device"
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
                    models.UniqueConstraint(fields=("device", "protocol_key", "quantity"), name="trend_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("drift__in", ["", "above", "below"])), name="trend_drift_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_type", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("local_day", models.DateField(help_text="local date of the subject")),
                ("outcome", models.CharField(help_text="of the exam when it was accepted", max_length=16)),
                ("findings", models.JSONField(default=list, help_text="ids of the findings that were open")),
                ("reason", models.CharField(blank=True, help_text="code of the list of reasons", max_length=32)),
                ("note", models.TextField(blank=True)),
                ("decides", models.BooleanField(default=False)),
                ("actor_id", models.CharField(max_length=64)),
                ("actor_name", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="registry.device",
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="catalog.exam",
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
                "indexes": [models.Index(fields=["exam", "-made_at"], name="acceptance_exam_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("exam__isnull", False), ("subject_type", "exam")), name="acceptance_of_exam"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="acceptance_has_reason",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
