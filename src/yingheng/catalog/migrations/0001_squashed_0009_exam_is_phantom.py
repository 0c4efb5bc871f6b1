import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_exam_item"),
        ("catalog", "0003_intake"),
        ("catalog", "0004_messages"),
        ("catalog", "0005_retention"),
        ("catalog", "0006_steps"),
        ("catalog", "0007_retention_walk"),
        ("catalog", "0008_arrival"),
        ("catalog", "0009_exam_is_phantom"),
    ]

    dependencies = [
        ("registry", "0001_squashed_0005_person_account"),
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Patient",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(editable=False, max_length=64)),
                ("birth_year", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("sex", models.CharField(blank=True, max_length=1)),
                ("source_key", models.CharField(blank=True, editable=False, max_length=260)),
                ("pseudonym", models.CharField(blank=True, editable=False, max_length=20)),
                ("match_key", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "told",
                    models.CharField(
                        blank=True, editable=False, help_text="time of the newest message about it", max_length=64
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
                    models.Index(fields=["hospital", "pseudonym"], name="patient_pseudonym"),
                    models.Index(fields=["hospital", "match_key"], name="patient_match_key"),
                ],
                "constraints": [models.UniqueConstraint(fields=("hospital", "key"), name="patient_natural_key")],
            },
        ),
        migrations.CreateModel(
            name="StorageDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("looked_at", models.DateTimeField()),
                ("total_bytes", models.PositiveBigIntegerField()),
                ("free_bytes", models.PositiveBigIntegerField()),
                ("swept_at", models.DateTimeField(blank=True, null=True)),
                ("n_series_removed", models.PositiveIntegerField(default=0)),
                ("n_bytes_removed", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        help_text="placer number, or the accession number where there is none", max_length=64
                    ),
                ),
                ("accession", models.CharField(blank=True, max_length=64)),
                (
                    "item_state",
                    models.CharField(blank=True, help_text="mapped, unmapped, excluded; empty: no text", max_length=16),
                ),
                (
                    "item_key",
                    models.CharField(blank=True, help_text="modality and text by which it is mapped", max_length=220),
                ),
                (
                    "requested",
                    models.CharField(blank=True, help_text="the item as the request words it", max_length=200),
                ),
                (
                    "requested_code",
                    models.CharField(blank=True, help_text="its code in the sending system", max_length=64),
                ),
                ("modality", models.CharField(blank=True, max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("placed", "placed"),
                            ("scheduled", "scheduled"),
                            ("performed", "performed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="placed",
                        max_length=16,
                    ),
                ),
                ("department", models.CharField(blank=True, help_text="who asks for it", max_length=120)),
                (
                    "patient_class",
                    models.CharField(blank=True, help_text="emergency, inpatient, outpatient, checkup", max_length=16),
                ),
                ("ordered_at", models.DateTimeField(blank=True, null=True)),
                ("scheduled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "urgency",
                    models.CharField(
                        choices=[("routine", "routine"), ("urgent", "urgent"), ("emergency", "emergency")],
                        default="routine",
                        max_length=16,
                    ),
                ),
                ("purpose", models.TextField(blank=True)),
                ("history", models.TextField(blank=True)),
                ("source", models.CharField(blank=True, help_text="the message it came from", max_length=200)),
                ("told", models.CharField(blank=True, editable=False, max_length=64)),
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
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="catalog.patient",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "accession"], name="order_hospital_accession"),
                    models.Index(fields=["hospital", "item_state", "item_key"], name="order_hospital_item_key"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "number"), name="order_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["placed", "scheduled", "performed", "cancelled"])),
                        name="order_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("item_state__in", ["", "mapped", "unmapped", "excluded"])),
                        name="order_item_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exam",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("study_uid", models.CharField(max_length=64)),
                (
                    "item_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not looked at yet"),
                            ("mapped", "mapped"),
                            ("unmapped", "unmapped"),
                            ("excluded", "not an exam of this list"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "item_source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "nobody"),
                            ("dictionary", "dictionary"),
                            ("mapping", "mapping of the hospital"),
                            ("request", "the order for it"),
                            ("person", "set for this exam"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "item_key",
                    models.CharField(blank=True, help_text="modality and text by which it is mapped", max_length=220),
                ),
                (
                    "item_reason",
                    models.CharField(blank=True, help_text="reason code while it has no item", max_length=64),
                ),
                ("accession", models.CharField(blank=True, max_length=64)),
                ("modality", models.CharField(max_length=16)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("body_part", models.CharField(blank=True, max_length=64)),
                ("sex", models.CharField(blank=True, max_length=1)),
                ("age_years", models.FloatField(blank=True, help_text="years at the exam", null=True)),
                (
                    "age_band",
                    models.CharField(
                        blank=True, choices=[("paediatric", "paediatric"), ("adult", "adult")], max_length=16
                    ),
                ),
                ("source_key", models.CharField(editable=False, max_length=260)),
                ("ordered_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField(help_text="when the first object arrived")),
                ("last_received_at", models.DateTimeField()),
                ("sort_at", models.DateTimeField(help_text="started, or received when the headers give no time")),
                ("local_day", models.DateField(help_text="local date of sort_at")),
                ("is_emergency", models.BooleanField(default=False)),
                ("is_contrast", models.BooleanField(default=False)),
                ("is_paediatric", models.BooleanField(default=False)),
                ("is_demo", models.BooleanField(default=False)),
                (
                    "is_phantom",
                    models.BooleanField(default=False, help_text="of a phantom, not of a patient: see phantomqc"),
                ),
                (
                    "is_clock_doubtful",
                    models.BooleanField(default=False, help_text="a time of a header was not believed"),
                ),
                ("n_series", models.PositiveIntegerField(default=0)),
                ("n_instances", models.PositiveIntegerField(default=0)),
                (
                    "n_expected",
                    models.PositiveIntegerField(blank=True, help_text="objects that its ended steps name", null=True),
                ),
                ("n_missing", models.PositiveIntegerField(blank=True, help_text="of those, not here yet", null=True)),
                (
                    "arrival",
                    models.JSONField(blank=True, default=dict, help_text="what its steps and storage commitments tell"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("receiving", "receiving"), ("closed", "closed")], default="receiving", max_length=16
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(blank=True, help_text="PASS, FAIL, NEEDS_HUMAN, NOT_ASSESSABLE", max_length=16),
                ),
                ("n_pass", models.PositiveIntegerField(default=0)),
                ("n_fail", models.PositiveIntegerField(default=0)),
                ("n_human", models.PositiveIntegerField(default=0)),
                ("n_unassessable", models.PositiveIntegerField(default=0)),
                ("n_findings", models.PositiveIntegerField(default=0, help_text="open findings")),
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
                (
                    "item",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.examitem"
                    ),
                ),
                (
                    "performer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.person"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="exams",
                        to="catalog.order",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exams",
                        to="catalog.patient",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "item_state", "item_key"], name="exam_hospital_item_key"),
                    models.Index(fields=["hospital", "item_state", "-sort_at"], name="exam_hospital_item_state"),
                    models.Index(fields=["-sort_at", "-id"], name="exam_newest"),
                    models.Index(fields=["hospital", "-sort_at", "-id"], name="exam_hospital_newest"),
                    models.Index(fields=["hospital", "outcome", "-sort_at"], name="exam_hospital_outcome"),
                    models.Index(fields=["hospital", "modality", "-sort_at"], name="exam_hospital_modality"),
                    models.Index(fields=["hospital", "local_day", "outcome"], name="exam_hospital_day_outcome"),
                    models.Index(fields=["-last_received_at", "-id"], name="exam_received"),
                    models.Index(fields=["hospital", "-last_received_at", "-id"], name="exam_hospital_received"),
                    models.Index(fields=["-n_fail", "-id"], name="exam_failed"),
                    models.Index(fields=["hospital", "-n_fail", "-id"], name="exam_hospital_failed"),
                    models.Index(fields=["accession"], name="exam_accession"),
                    models.Index(fields=["study_uid"], name="exam_study_uid"),
                    models.Index(fields=["hospital", "accession"], name="exam_hospital_accession"),
                    models.Index(fields=["state", "last_received_at"], name="exam_state_received"),
                    models.Index(fields=["device", "-sort_at", "-id"], name="exam_device_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "study_uid"), name="exam_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["receiving", "closed"])), name="exam_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["", "PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE"])),
                        name="exam_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("item_state__in", ["", "mapped", "unmapped", "excluded"])),
                        name="exam_item_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("item__isnull", False), ("item_state", "mapped")),
                            ("item_state", ""),
                            models.Q(("item__isnull", True), ("item_state__in", ["unmapped", "excluded"])),
                            _connector="OR",
                        ),
                        name="exam_item_state_and_item",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("series_uid", models.CharField(max_length=64)),
                ("modality", models.CharField(max_length=16)),
                ("number", models.IntegerField(blank=True, null=True)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("body_part", models.CharField(blank=True, max_length=64)),
                ("protocol_name", models.CharField(blank=True, max_length=200)),
                ("sop_class_uid", models.CharField(max_length=64)),
                ("facts", models.JSONField(default=dict)),
                (
                    "geometry",
                    models.JSONField(
                        default=dict, help_text="rows, columns, spacing_mm, thickness_mm, orientation, ..."
                    ),
                ),
                ("source_key", models.CharField(editable=False, max_length=260)),
                ("n_instances", models.PositiveIntegerField(default=0)),
                ("n_frames", models.PositiveIntegerField(default=0)),
                (
                    "n_expected",
                    models.PositiveIntegerField(blank=True, help_text="objects that its ended steps name", null=True),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("receiving", "receiving"), ("complete", "complete")],
                        default="receiving",
                        max_length=16,
                    ),
                ),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pixels_gone_at",
                    models.DateTimeField(blank=True, help_text="when retention removed the pixels", null=True),
                ),
                (
                    "device",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.device"
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="series", to="catalog.exam"
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
                "verbose_name_plural": "series",
                "indexes": [
                    models.Index(fields=["state", "last_received_at"], name="series_state_received"),
                    models.Index(
                        condition=models.Q(("pixels_gone_at__isnull", True)),
                        fields=["hospital", "modality", "last_received_at"],
                        name="series_with_pixels",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "series_uid"), name="series_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["receiving", "complete"])), name="series_state_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExpiredSeries",
            fields=[
                (
                    "series",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="expired",
                        serialize=False,
                        to="catalog.series",
                    ),
                ),
                ("index", models.BinaryField()),
                ("n_instances", models.PositiveIntegerField()),
                ("n_bytes", models.PositiveBigIntegerField()),
                ("expired_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "expired series",
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sop_uid", models.CharField(max_length=64)),
                ("sop_class_uid", models.CharField(max_length=64)),
                ("storage_key", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField(help_text="bytes")),
                ("transfer_syntax_uid", models.CharField(max_length=64)),
                ("number", models.IntegerField(blank=True, null=True)),
                (
                    "position_mm",
                    models.FloatField(blank=True, help_text="projection on the normal of its own plane", null=True),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("columns", models.PositiveIntegerField(default=0)),
                ("n_frames", models.PositiveIntegerField(default=1)),
                ("received_at", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="instances", to="catalog.series"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("hospital", "sop_uid"), name="instance_natural_key")],
            },
        ),
        migrations.CreateModel(
            name="PatientName",
            fields=[
                (
                    "patient",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="secret",
                        serialize=False,
                        to="catalog.patient",
                    ),
                ),
                ("name_cipher", models.BinaryField()),
                ("number_cipher", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="PatientLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("person", "by a person"), ("message", "told by the information system")],
                        default="person",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("made_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("undone_by_name", models.CharField(blank=True, max_length=150)),
                ("undone_reason", models.TextField(blank=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links_in", to="catalog.patient"
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links_out", to="catalog.patient"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)), fields=("merged",), name="patient_link_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("undone_at__isnull", True), models.Q(("undone_reason", ""), _negated=True), _connector="OR"
                        ),
                        name="patient_link_undone_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kept", models.F("merged")), _negated=True),
                        name="patient_link_two_patients",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PerformedStep",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sop_uid", models.CharField(max_length=64)),
                ("study_uid", models.CharField(blank=True, max_length=64)),
                ("modality", models.CharField(blank=True, max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_progress", "in progress"),
                            ("completed", "completed"),
                            ("discontinued", "discontinued"),
                        ],
                        max_length=16,
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("series", models.JSONField(default=list, help_text="of each series_uid, n_instances, description")),
                ("discontinuation_reason", models.CharField(blank=True, max_length=200)),
                ("rejected_exposures", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "exam",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="catalog.exam"
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
                "indexes": [models.Index(fields=["hospital", "study_uid"], name="performed_step_study")],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "sop_uid"), name="performed_step_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["in_progress", "completed", "discontinued"])),
                        name="performed_step_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Quarantine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sop_uid", models.CharField(blank=True, max_length=64)),
                ("series_uid", models.CharField(blank=True, max_length=64)),
                ("study_uid", models.CharField(blank=True, max_length=64)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "storage_key",
                    models.CharField(blank=True, help_text="empty: not in the store, see details", max_length=200),
                ),
                ("size", models.PositiveBigIntegerField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("content_differs", "same SOP Instance UID, different content"),
                            ("series_elsewhere", "its series belongs to another exam"),
                            ("other_patient", "its exam belongs to another patient"),
                            ("unreadable", "cannot be read"),
                            ("no_hospital", "its hospital does not exist here"),
                        ],
                        max_length=20,
                    ),
                ),
                ("details", models.JSONField(blank=True, default=dict)),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("accepted", "accepted"), ("discarded", "discarded")],
                        default="waiting",
                        max_length=16,
                    ),
                ),
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
                "verbose_name_plural": "quarantine",
                "indexes": [models.Index(fields=["hospital", "state", "-received_at"], name="quarantine_waiting")],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "sop_uid", "sha256"), name="quarantine_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("preliminary", "preliminary"),
                            ("final", "final"),
                            ("corrected", "corrected"),
                            ("cancelled", "cancelled"),
                        ],
                        default="final",
                        max_length=16,
                    ),
                ),
                (
                    "number",
                    models.CharField(blank=True, help_text="of the report in the sending system", max_length=64),
                ),
                ("findings", models.TextField(blank=True)),
                ("impression", models.TextField(blank=True)),
                ("written_at", models.DateTimeField(blank=True, null=True)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("signers", models.JSONField(default=list)),
                ("is_critical", models.BooleanField(default=False)),
                ("source", models.CharField(blank=True, max_length=200)),
                (
                    "told",
                    models.CharField(
                        blank=True, editable=False, help_text="time of the message behind it", max_length=64
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="catalog.exam"
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
                    models.UniqueConstraint(fields=("exam", "version"), name="report_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["preliminary", "final", "corrected", "cancelled"])),
                        name="report_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Retake",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="code of the dictionary of retake reasons", max_length=64),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("console", "at the console"),
                            ("review", "asked for by a review"),
                            ("reporting", "asked for by the reporting physician"),
                            ("automatic", "recognised in the images"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("suggested", "to confirm"), ("recorded", "recorded"), ("rejected", "not a retake")],
                        default="recorded",
                        max_length=16,
                    ),
                ),
                ("n_exposures", models.PositiveIntegerField(default=1, help_text="how many exposures were repeated")),
                ("asked_by", models.CharField(blank=True, max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                ("details", models.JSONField(blank=True, default=dict, help_text="what a machine saw: kind, names, n")),
                (
                    "settled_by",
                    models.CharField(blank=True, help_text="who recorded or rejected a suggestion", max_length=200),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("settled_reason", models.TextField(blank=True)),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="retakes", to="catalog.exam"
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
                    models.Index(fields=["hospital", "-asked_at"], name="retake_newest"),
                    models.Index(fields=["hospital", "state", "-asked_at"], name="retake_hospital_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("exam", "reason", "origin"), name="retake_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("origin__in", ["console", "review", "reporting", "automatic"])),
                        name="retake_origin_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["suggested", "recorded", "rejected"])),
                        name="retake_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "recorded"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="retake_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("days", models.PositiveIntegerField(blank=True, help_text="empty: for good", null=True)),
                ("changed_by", models.CharField(blank=True, max_length=150)),
                ("changed_at", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "modality"), name="retention_rule_natural_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionWalk",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("cursor", models.JSONField(default=list)),
                ("walking", models.JSONField(default=dict)),
                ("found", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="retention_walk_single")],
            },
        ),
        migrations.CreateModel(
            name="StorageUse",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("month", models.DateField(help_text="first day of the month")),
                ("n_series", models.PositiveIntegerField()),
                ("n_instances", models.PositiveIntegerField()),
                ("n_bytes", models.PositiveBigIntegerField()),
                ("counted_at", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "modality", "month"), name="storage_use_key")
                ],
            },
        ),
    ]
