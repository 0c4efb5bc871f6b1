import django.db.models.deletion
import yingheng.common.ids
from django.conf import settings
from django.db import migrations, models

from yingheng.review import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_squashed_0009_exam_is_phantom"),
        ("registry", "0001_squashed_0005_person_account"),
        ("sheets", "0001_squashed_0002_submitted_stays"),
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("daily", "daily film review"),
                            ("monthly", "monthly sample"),
                            ("special", "special topic"),
                            ("inspection", "self-inspection of the technical-quality group"),
                            ("calibration", "calibration of readers"),
                            ("regional", "regional review"),
                            ("audit", "audit"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "subject_kind",
                    models.CharField(
                        choices=[
                            ("exam", "images of an exam"),
                            ("record", "record of an exam"),
                            ("report", "report"),
                            ("sop", "conformity with the SOP"),
                        ],
                        default="exam",
                        max_length=8,
                    ),
                ),
                ("template", models.CharField(max_length=64)),
                ("templates", models.JSONField(blank=True, default=dict)),
                (
                    "every",
                    models.CharField(
                        choices=[
                            ("once", "when asked for"),
                            ("day", "every day"),
                            ("week", "every week"),
                            ("month", "every month"),
                            ("quarter", "every quarter"),
                        ],
                        max_length=8,
                    ),
                ),
                ("sampling", models.JSONField()),
                ("reading", models.JSONField()),
                ("is_active", models.BooleanField(default=True)),
                ("is_demo", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("changed_by_name", models.CharField(blank=True, max_length=150)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "name"), name="review_plan_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("every__in", ["once", "day", "week", "month", "quarter"])),
                        name="review_plan_every",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("title", models.CharField(max_length=200)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("daily", "daily film review"),
                            ("monthly", "monthly sample"),
                            ("special", "special topic"),
                            ("inspection", "self-inspection of the technical-quality group"),
                            ("calibration", "calibration of readers"),
                            ("regional", "regional review"),
                            ("audit", "audit"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "subject_kind",
                    models.CharField(
                        choices=[
                            ("exam", "images of an exam"),
                            ("record", "record of an exam"),
                            ("report", "report"),
                            ("sop", "conformity with the SOP"),
                        ],
                        max_length=8,
                    ),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("sampling", models.JSONField()),
                ("reading", models.JSONField()),
                ("seed", models.CharField(max_length=64)),
                ("frame_digest", models.CharField(max_length=64)),
                ("n_frame", models.PositiveIntegerField()),
                ("n_cases", models.PositiveIntegerField(default=0)),
                ("n_settled", models.PositiveIntegerField(default=0)),
                ("draw", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("drawn", "drawn"),
                            ("reading", "being read"),
                            ("published", "results announced"),
                            ("cancelled", "cancelled"),
                        ],
                        default="drawn",
                        max_length=10,
                    ),
                ),
                ("due_on", models.DateField()),
                ("drawn_at", models.DateTimeField()),
                ("drawn_by_name", models.CharField(blank=True, max_length=150)),
                ("published_at", models.DateTimeField(null=True)),
                ("published_by_name", models.CharField(blank=True, max_length=150)),
                ("cancelled_reason", models.TextField(blank=True)),
                ("is_demo", models.BooleanField(default=False)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sheets.template"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="review.plan",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "state", "-drawn_at"], name="review_campaign_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "key"), name="review_campaign_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day"))), name="review_campaign_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", False), ("state", "published")),
                            models.Q(("published_at__isnull", True), ("state__in", ["drawn", "reading", "cancelled"])),
                            _connector="OR",
                        ),
                        name="review_campaign_published",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "cancelled"), _negated=True),
                            models.Q(("cancelled_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_campaign_cancelled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_id", models.UUIDField(help_text="of the exam, report …")),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("body_part", models.CharField(blank=True, max_length=64)),
                (
                    "position",
                    models.CharField(blank=True, help_text="code of the dictionary of positions", max_length=64),
                ),
                ("local_day", models.DateField(help_text="of the subject")),
                ("number", models.PositiveIntegerField()),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("drawn", "drawn"),
                            ("repeat", "shown again"),
                            ("known", "answer known"),
                            ("swapped", "put in for another"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="random, risk, quota, all", max_length=16)),
                ("stratum", models.JSONField(default=list)),
                ("p", models.FloatField(null=True)),
                ("reference", models.JSONField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "to be read"),
                            ("arbitration", "in arbitration"),
                            ("settled", "settled"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("withdrawn_reason", models.TextField(blank=True)),
                ("score", models.FloatField(null=True)),
                ("grade", models.CharField(blank=True, max_length=16)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "counted",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="version of the ruling that cells and evidence tell of; 0 while results are sealed",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="review.campaign"
                    ),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_cases",
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
                    "repeat_of",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="repeats", to="review.case"
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="review.case",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sheets.template"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "state", "-settled_at"], name="review_case_hospital"),
                    models.Index(fields=["performer", "-settled_at"], name="review_case_performer"),
                    models.Index(fields=["exam"], name="review_case_exam"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "number"), name="review_case_number"),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("repeat_of__isnull", True), models.Q(("state", "withdrawn"), _negated=True)
                        ),
                        fields=("campaign", "subject_id"),
                        name="review_case_subject_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), _negated=True),
                            models.Q(("withdrawn_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_case_withdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("origin", "repeat"), ("repeat_of__isnull", False)),
                            models.Q(models.Q(("origin", "repeat"), _negated=True), ("repeat_of", None)),
                            _connector="OR",
                        ),
                        name="review_case_repeat",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "settled"), _negated=True),
                            ("settled_at__isnull", False),
                            _connector="OR",
                        ),
                        name="review_case_settled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField()),
                ("place", models.PositiveIntegerField(help_text="where it comes in the reader's own order")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("assigned", "to be read"),
                            ("begun", "begun"),
                            ("submitted", "submitted"),
                            ("declined", "handed back"),
                            ("withdrawn", "taken back"),
                        ],
                        default="assigned",
                        max_length=10,
                    ),
                ),
                ("due_on", models.DateField()),
                ("assigned_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("seconds", models.PositiveIntegerField(default=0)),
                ("reason", models.TextField(blank=True, help_text="why it was handed or taken back")),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="review.campaign"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="review.case"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reader", "state", "due_on", "place"], name="review_assignment_worklist"),
                    models.Index(fields=["campaign", "state"], name="review_assignment_campaign"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["declined", "withdrawn"]), _negated=True),
                        fields=("case", "slot"),
                        name="review_assignment_slot",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["declined", "withdrawn"]), _negated=True),
                        fields=("case", "reader"),
                        name="review_assignment_reader_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("slot__in", [1, 2, 3])), name="review_assignment_slots"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["declined", "withdrawn"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_assignment_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Frame",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("units", models.BinaryField()),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="frame", to="review.campaign"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("frame", models.PositiveIntegerField(default=0)),
                ("shape", models.JSONField(help_text='{"kind": "point" | "rect" | "arrow", …}')),
                ("defect", models.CharField(blank=True, help_text="code of the dictionary of defects", max_length=64)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("made_at", models.DateTimeField()),
                ("is_final", models.BooleanField(default=False)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="review.assignment"
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.instance"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.series"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Qualification",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("template_key", models.CharField(max_length=64)),
                ("passed", models.BooleanField()),
                ("result", models.JSONField(help_text="bias, agreement, recognised vetoes, n, thresholds, reasons")),
                ("valid_until", models.DateField()),
                ("made_at", models.DateTimeField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="qualifications", to="review.campaign"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reader", "campaign", "template_key"), name="review_qualification_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField()),
                (
                    "score",
                    models.FloatField(help_text="points of a hundred; none where the sheet gives no score", null=True),
                ),
                ("grade", models.CharField(blank=True, max_length=16)),
                ("vetoed", models.JSONField(default=list)),
                ("faults", models.JSONField(default=list, help_text="codes of defects, sorted")),
                ("details", models.JSONField(default=dict, help_text="points by item and by dimension")),
                ("seconds", models.PositiveIntegerField()),
                ("submitted_at", models.DateTimeField()),
                ("local_day", models.DateField()),
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reading", to="review.assignment"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="review.campaign"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="review.case"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "response",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sheets.response"
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sheets.template"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reader", "-submitted_at"], name="review_reading_reader"),
                    models.Index(fields=["campaign", "reader"], name="review_reading_campaign"),
                    models.Index(fields=["hospital", "local_day"], name="review_reading_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Ruling",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("single", "one reader"),
                            ("agreement", "two readers agree"),
                            ("arbitration", "arbitration"),
                            ("appeal", "appeal"),
                            ("leader", "leader's daily review"),
                        ],
                        max_length=12,
                    ),
                ),
                ("score", models.FloatField(null=True)),
                ("grade", models.CharField(blank=True, max_length=16)),
                ("vetoed", models.JSONField(default=list)),
                ("faults", models.JSONField(default=list, help_text="codes of defects, sorted")),
                ("details", models.JSONField(default=dict, help_text="points by item and by dimension")),
                ("readings", models.JSONField(default=list, help_text="ids of the readings it rests on")),
                ("reason", models.TextField(blank=True)),
                ("actor_id", models.CharField(blank=True, max_length=64)),
                ("actor_name", models.CharField(blank=True, max_length=150)),
                ("made_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rulings", to="review.case"
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
                "indexes": [models.Index(fields=["hospital", "-made_at"], name="review_ruling_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "version"), name="review_ruling_history"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("basis__in", ["arbitration", "appeal"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_ruling_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Appeal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("filed", "filed"),
                            ("upheld", "ruling stands"),
                            ("changed", "ruling changed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="filed",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField()),
                ("filed_by_id", models.CharField(max_length=64)),
                ("filed_by_name", models.CharField(max_length=150)),
                ("filed_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                ("decided_by_id", models.CharField(blank=True, max_length=64)),
                ("decided_by_name", models.CharField(blank=True, max_length=150)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.TextField(blank=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to="review.case"
                    ),
                ),
                (
                    "new_ruling",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeal",
                        to="review.ruling",
                    ),
                ),
                (
                    "ruling",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to="review.ruling"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["hospital", "state", "due_on"], name="review_appeal_queue")],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "level"), name="review_appeal_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("level__in", [1, 2]), models.Q(("reason", ""), _negated=True)),
                        name="review_appeal_complete",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("new_ruling__isnull", True), ("state__in", ["filed", "withdrawn"])),
                            models.Q(
                                ("new_ruling__isnull", True),
                                ("state", "upheld"),
                                models.Q(("decision_reason", ""), _negated=True),
                            ),
                            models.Q(
                                ("new_ruling__isnull", False),
                                ("state", "changed"),
                                models.Q(("decision_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="review_appeal_decided",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("local_day", models.DateField(help_text="of the films")),
                ("participants", models.JSONField(default=list, help_text="names")),
                ("note", models.TextField(blank=True, help_text="questions of the consultation, agreements")),
                ("n_cases", models.PositiveIntegerField()),
                ("n_waste", models.PositiveIntegerField()),
                ("n_withdrawn", models.PositiveIntegerField()),
                ("is_late", models.BooleanField()),
                ("sha256", models.CharField(max_length=64)),
                ("signed_by_id", models.CharField(max_length=64)),
                ("signed_by_name", models.CharField(max_length=150)),
                ("signed_at", models.DateTimeField()),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sign_off", to="review.campaign"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tracing",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "cause wanted"),
                            ("acting", "in action"),
                            ("done", "to be verified"),
                            ("closed", "verified"),
                            ("dropped", "dropped"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("operation", "operation"),
                            ("equipment", "equipment"),
                            ("patient", "patient"),
                            ("protocol", "protocol or method"),
                            ("environment", "environment"),
                            ("other", "other"),
                        ],
                        max_length=12,
                    ),
                ),
                ("cause_text", models.TextField(blank=True)),
                ("action", models.TextField(blank=True)),
                ("due_on", models.DateField(null=True)),
                ("proof", models.TextField(blank=True)),
                ("verified_by_name", models.CharField(blank=True, max_length=150)),
                ("closing_reason", models.TextField(blank=True)),
                ("opened_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tracing", to="review.case"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "responsible",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ruling",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="review.ruling"
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifies",
                        to="review.case",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["hospital", "state", "due_on"], name="review_tracing_queue")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"),
                            models.Q(
                                ("state__in", ["acting", "done", "closed"]),
                                models.Q(("cause", ""), _negated=True),
                                models.Q(("action", ""), _negated=True),
                            ),
                            models.Q(("state", "dropped"), models.Q(("closing_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="review_tracing_state",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementReport",
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
                            ("month", "readings of a month"),
                            ("campaign", "readings of a sample"),
                            ("learning", "automatic verdicts against readers"),
                        ],
                        max_length=8,
                    ),
                ),
                ("month", models.DateField(help_text="its first day; of a campaign the month of its last readings")),
                ("template_key", models.CharField(blank=True, max_length=64)),
                ("title", models.CharField(max_length=200)),
                ("n", models.PositiveIntegerField(help_text="readings, or cases, that it rests on")),
                ("digest", models.CharField(max_length=64)),
                ("content", models.JSONField()),
                ("made_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreement_reports",
                        to="review.campaign",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "kind", "-month"], name="review_agreement_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("campaign__isnull", True)),
                        fields=("organisation", "kind", "month", "template_key"),
                        name="review_agreement_month",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("campaign__isnull", False)),
                        fields=("campaign", "template_key"),
                        name="review_agreement_campaign",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("campaign__isnull", False), ("kind", "campaign")),
                            models.Q(("campaign__isnull", True), ("kind__in", ["month", "learning"])),
                            _connector="OR",
                        ),
                        name="review_agreement_kind",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
