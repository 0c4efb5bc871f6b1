import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("ingest", "0001_initial"),
        ("ingest", "0002_commitment_and_policies"),
        ("ingest", "0003_until_reviewed"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0009_exam_is_phantom"),
        ("registry", "0001_squashed_0005_person_account"),
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="IntakePolicy",
            fields=[
                (
                    "hospital",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "hold_minutes",
                    models.PositiveIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="held exams go by themselves after (minutes)",
                    ),
                ),
                (
                    "message_days",
                    models.PositiveIntegerField(
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="raw messages are kept (days)",
                    ),
                ),
                (
                    "commitment_hours",
                    models.PositiveIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(336),
                        ],
                        verbose_name="a commitment report may take (hours)",
                    ),
                ),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "intake policies",
            },
        ),
        migrations.CreateModel(
            name="LocalAE",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ae_title", models.CharField(max_length=16, unique=True, verbose_name="AE title")),
                (
                    "is_open",
                    models.BooleanField(
                        default=False,
                        help_text="whoever reaches the port may send under this title",
                        verbose_name="accepts unknown senders",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ("ae_title",),
            },
        ),
        migrations.CreateModel(
            name="MessageSource",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "addresses",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="addresses or networks it calls from",
                        verbose_name="addresses",
                    ),
                ),
                (
                    "application",
                    models.CharField(blank=True, help_text="MSH-3", max_length=180, verbose_name="sending application"),
                ),
                (
                    "facility",
                    models.CharField(blank=True, help_text="MSH-4", max_length=180, verbose_name="sending facility"),
                ),
                ("encoding", models.CharField(blank=True, max_length=16, verbose_name="character set")),
                ("options", models.JSONField(blank=True, default=dict)),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "name"), name="message_source_natural_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("channel", models.CharField(choices=[("hl7", "HL7 v2"), ("json", "JSON")], max_length=8)),
                ("control_id", models.CharField(blank=True, max_length=199)),
                (
                    "kind",
                    models.CharField(blank=True, help_text="ORM^O01, ORU^R01, ..., orders, reports", max_length=32),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField(default=0)),
                ("raw_cipher", models.BinaryField(help_text="empty once `raw_removed_at` is set")),
                (
                    "raw_removed_at",
                    models.DateTimeField(
                        blank=True, help_text="when its bytes passed their time of keeping", null=True
                    ),
                ),
                ("encoding", models.CharField(blank=True, max_length=16)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField()),
                ("n_received", models.PositiveIntegerField(default=1, help_text="how often the same bytes came")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("applied", "applied"),
                            ("waiting", "waits for its exam"),
                            ("ignored", "nothing to do"),
                            ("failed", "failed"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="code of why it was not simply applied", max_length=64),
                ),
                ("reason_values", models.JSONField(blank=True, default=dict)),
                ("results", models.JSONField(blank=True, default=list, help_text="what each part of it did")),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="messages",
                        to="ingest.messagesource",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "-received_at", "-id"], name="message_hospital_newest"),
                    models.Index(fields=["hospital", "state", "-received_at"], name="message_hospital_state"),
                    models.Index(fields=["hospital", "control_id"], name="message_hospital_control"),
                    models.Index(
                        condition=models.Q(("raw_removed_at__isnull", True)),
                        fields=["hospital", "received_at"],
                        name="message_raw_kept",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "sha256"), name="message_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["applied", "waiting", "ignored", "failed"])),
                        name="message_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "applied"), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="message_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefusedMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=64)),
                ("application", models.CharField(blank=True, help_text="MSH-3", max_length=180)),
                ("facility", models.CharField(blank=True, help_text="MSH-4", max_length=180)),
                ("code", models.CharField(max_length=64)),
                ("values", models.JSONField(blank=True, default=dict)),
                ("kind", models.CharField(blank=True, help_text="of the last one", max_length=32)),
                ("control_id", models.CharField(blank=True, help_text="of the last one", max_length=199)),
                (
                    "size",
                    models.PositiveIntegerField(default=0, help_text="bytes of the last one, as far as it was read"),
                ),
                ("n", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-last_at"], name="refused_message_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("address", "application", "facility", "code"), name="refused_message_natural_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RemoteAE",
            fields=[
                (
                    "reached_at",
                    models.DateTimeField(editable=False, help_text="when it last took what we sent", null=True),
                ),
                ("failing_since", models.DateTimeField(editable=False, null=True)),
                ("n_failures", models.PositiveIntegerField(default=0, editable=False, help_text="in a row")),
                ("next_try_at", models.DateTimeField(editable=False, help_text="not called before then", null=True)),
                (
                    "trouble",
                    models.CharField(blank=True, editable=False, help_text="code of the last failure", max_length=64),
                ),
                ("trouble_detail", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("ae_title", models.CharField(max_length=16, verbose_name="AE title")),
                (
                    "addresses",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="addresses or networks it calls from; none: any",
                        verbose_name="addresses",
                    ),
                ),
                (
                    "host",
                    models.CharField(blank=True, help_text="where we reach it", max_length=253, verbose_name="host"),
                ),
                ("port", models.PositiveIntegerField(blank=True, null=True, verbose_name="port")),
                ("tls", models.CharField(choices=[("none", "no TLS"), ("tls", "TLS")], default="none", max_length=8)),
                ("may_send", models.BooleanField(default=False, verbose_name="may send to us")),
                ("is_destination", models.BooleanField(default=False, verbose_name="we send to it")),
                (
                    "wants_commitment",
                    models.BooleanField(
                        default=False,
                        help_text="after sending: whether it keeps what it took",
                        verbose_name="ask for storage commitment",
                    ),
                ),
                ("is_archive", models.BooleanField(default=False, verbose_name="we query and retrieve from it")),
                ("is_worklist", models.BooleanField(default=False, verbose_name="it answers worklist queries")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hospital", "ae_title", "host", "port"), name="remote_ae_natural_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_archive", False), ("is_destination", False), ("is_worklist", False)),
                            models.Q(models.Q(("host", ""), _negated=True), ("port__isnull", False)),
                            _connector="OR",
                        ),
                        name="remote_ae_reachable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueryPlan",
            fields=[
                ("modalities", models.JSONField(blank=True, default=list)),
                (
                    "stations",
                    models.JSONField(blank=True, default=list, help_text="station names or AE titles, any of them"),
                ),
                (
                    "description",
                    models.CharField(blank=True, help_text="the study description contains this", max_length=120),
                ),
                (
                    "most_studies",
                    models.PositiveIntegerField(
                        default=200,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20000),
                        ],
                    ),
                ),
                ("at_once", models.PositiveSmallIntegerField(default=5, help_text="studies between two pauses")),
                ("pause_s", models.PositiveSmallIntegerField(default=10, help_text="seconds")),
                (
                    "from_hour",
                    models.TimeField(blank=True, help_text="local time of the hospital; none: always", null=True),
                ),
                ("to_hour", models.TimeField(blank=True, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("nightly", "nightly back-fill"), ("demand", "on demand"), ("worklist", "worklist")],
                        max_length=12,
                    ),
                ),
                ("at", models.TimeField()),
                ("every_minutes", models.PositiveSmallIntegerField(default=0)),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="ingest.remoteae"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("partner", "kind"), name="query_plan_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["nightly", "worklist"])), name="query_plan_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Query",
            fields=[
                ("modalities", models.JSONField(blank=True, default=list)),
                (
                    "stations",
                    models.JSONField(blank=True, default=list, help_text="station names or AE titles, any of them"),
                ),
                (
                    "description",
                    models.CharField(blank=True, help_text="the study description contains this", max_length=120),
                ),
                (
                    "most_studies",
                    models.PositiveIntegerField(
                        default=200,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20000),
                        ],
                    ),
                ),
                ("at_once", models.PositiveSmallIntegerField(default=5, help_text="studies between two pauses")),
                ("pause_s", models.PositiveSmallIntegerField(default=10, help_text="seconds")),
                (
                    "from_hour",
                    models.TimeField(blank=True, help_text="local time of the hospital; none: always", null=True),
                ),
                ("to_hour", models.TimeField(blank=True, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("nightly", "nightly back-fill"), ("demand", "on demand"), ("worklist", "worklist")],
                        max_length=12,
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("first_day", models.DateField(blank=True, null=True)),
                ("last_day", models.DateField(blank=True, null=True)),
                ("accession", models.CharField(blank=True, max_length=64)),
                ("patient_cipher", models.BinaryField(help_text="patient id asked for, encrypted", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("searching", "asking"),
                            ("fetching", "fetching"),
                            ("done", "done"),
                            ("stopped", "stopped"),
                            ("failed", "failed"),
                        ],
                        default="searching",
                        max_length=12,
                    ),
                ),
                ("searched", models.JSONField(default=list)),
                ("is_cut", models.BooleanField(default=False, help_text="the partner has more than it would say")),
                ("n_found", models.PositiveIntegerField(default=0)),
                ("n_known", models.PositiveIntegerField(default=0)),
                ("n_asked", models.PositiveIntegerField(default=0)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_failed", models.PositiveIntegerField(default=0)),
                ("n_objects", models.PositiveIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=64)),
                ("trouble_detail", models.CharField(blank=True, max_length=200)),
                ("asked_by", models.CharField(blank=True, max_length=150)),
                ("stopped_by", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(help_text="not gone on with before then", null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="queries",
                        to="ingest.queryplan",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="queries", to="ingest.remoteae"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "queries",
                "indexes": [
                    models.Index(fields=["hospital", "-created_at"], name="query_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ["searching", "fetching"])),
                        fields=["next_at"],
                        name="query_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hospital", "key"), name="query_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["searching", "fetching", "done", "stopped", "failed"])),
                        name="query_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueryStudy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("study_uid", models.CharField(max_length=72)),
                ("label", models.CharField(blank=True, help_text="description or requested item", max_length=200)),
                ("accession", models.CharField(blank=True, max_length=64)),
                ("day", models.DateField(null=True)),
                ("modality", models.CharField(blank=True, max_length=64)),
                ("n_said", models.PositiveIntegerField(help_text="objects by the partner's word", null=True)),
                ("n_had", models.PositiveIntegerField(default=0)),
                ("n_received", models.PositiveIntegerField(default=0)),
                ("n_failed", models.PositiveIntegerField(default=0)),
                ("series_done", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("known", "here already"),
                            ("done", "fetched"),
                            ("partial", "fetched in part"),
                            ("failed", "not fetched"),
                            ("unfit", "does not meet the conditions"),
                            ("left", "left for the next run"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("way", models.CharField(blank=True, help_text="C-GET or C-MOVE", max_length=8)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=64)),
                ("trouble_detail", models.CharField(blank=True, max_length=200)),
                ("changed_at", models.DateTimeField()),
                (
                    "query",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="studies", to="ingest.query"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "query studies",
                "indexes": [models.Index(fields=["query", "state", "attempts"], name="query_study_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("query", "study_uid"), name="query_study_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "known", "done", "partial", "failed", "unfit", "left"])
                        ),
                        name="query_study_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ForwardRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("position", models.PositiveSmallIntegerField(default=10, verbose_name="order")),
                ("modalities", models.JSONField(blank=True, default=list, verbose_name="modalities")),
                ("ae_titles", models.JSONField(blank=True, default=list, verbose_name="AE titles of senders")),
                ("emergency", models.BooleanField(blank=True, null=True, verbose_name="emergency")),
                ("hold", models.BooleanField(default=False, verbose_name="hold until released")),
                (
                    "hold_minutes",
                    models.PositiveIntegerField(
                        help_text="none: as long as the hospital holds",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(10080)],
                        verbose_name="released by itself after",
                    ),
                ),
                (
                    "until_reviewed",
                    models.BooleanField(
                        default=False,
                        help_text="what is held goes once its film review lets it",
                        verbose_name="until the daily review",
                    ),
                ),
                ("with_results", models.BooleanField(default=False, verbose_name="with results")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("devices", models.ManyToManyField(blank=True, related_name="+", to="registry.device")),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                ("items", models.ManyToManyField(blank=True, related_name="+", to="registry.examitem")),
                ("destinations", models.ManyToManyField(related_name="+", to="ingest.remoteae")),
            ],
            options={
                "ordering": ("position", "created_at"),
                "indexes": [models.Index(fields=["hospital", "is_active"], name="forward_rule_hospital")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_reviewed", False), ("hold", True), _connector="OR"),
                        name="forward_rule_review_holds",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField(help_text="not tried before then", null=True)),
                ("trouble", models.CharField(blank=True, help_text="code of the last failure", max_length=64)),
                ("trouble_detail", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("cancelled_by", models.CharField(blank=True, max_length=150)),
                ("cancel_reason", models.TextField(blank=True)),
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
                            ("held", "held for release"),
                            ("waiting", "waiting"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "is_urgent",
                    models.BooleanField(default=False, help_text="an emergency exam: sent before others, never held"),
                ),
                ("with_results", models.BooleanField(default=False)),
                ("results_key", models.CharField(blank=True, help_text="which results were sent", max_length=64)),
                ("held_at", models.DateTimeField(null=True)),
                ("until_reviewed", models.BooleanField(default=False, help_text="held for the daily review")),
                ("goes_at", models.DateTimeField(help_text="when a held exam goes by itself", null=True)),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "release",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not held"),
                            ("person", "by a person"),
                            ("emergency", "by itself: emergency"),
                            ("time", "by itself: held long enough"),
                            ("review", "by the daily review"),
                        ],
                        max_length=12,
                    ),
                ),
                ("released_by", models.CharField(blank=True, max_length=150)),
                ("release_reason", models.TextField(blank=True)),
                (
                    "commitment",
                    models.CharField(
                        blank=True,
                        help_text="state of the last request for storage commitment; none: not asked",
                        max_length=16,
                    ),
                ),
                ("n_sent", models.PositiveIntegerField(default=0, help_text="objects")),
                ("n_failed", models.PositiveIntegerField(default=0, help_text="objects")),
                ("n_bytes", models.PositiveBigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0.0, help_text="spent sending")),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="catalog.exam"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="ingest.forwardrule",
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="ingest.remoteae"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["destination", "state", "next_at"], name="delivery_due"),
                    models.Index(fields=["hospital", "state", "-changed_at"], name="delivery_hospital_state"),
                    models.Index(condition=models.Q(("state", "held")), fields=["goes_at"], name="delivery_held"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("exam", "destination"), name="delivery_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["held", "waiting", "sending", "sent", "failed", "cancelled"])
                        ),
                        name="delivery_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "held"), _negated=True),
                            models.Q(("held_at__isnull", False), ("released_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="delivery_held_since",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "cancelled"), _negated=True),
                            models.Q(("cancel_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="delivery_cancelled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommitmentAsk",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("transaction_uid", models.CharField(max_length=64, unique=True)),
                ("objects_listed", models.JSONField(default=list)),
                ("failures", models.JSONField(default=list)),
                ("n_listed", models.PositiveIntegerField()),
                ("n_committed", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "to be asked"),
                            ("asked", "asked, no report yet"),
                            ("committed", "vouched for"),
                            ("failed", "not vouched for"),
                            ("timed_out", "no report in time"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(help_text="when the destination took the request", null=True)),
                ("due_at", models.DateTimeField(help_text="without a report by then it has timed out")),
                ("answered_at", models.DateTimeField(null=True)),
                ("n_tries", models.PositiveIntegerField(default=0, help_text="attempts to ask that failed")),
                ("trouble", models.CharField(blank=True, help_text="code why it could not be asked", max_length=64)),
                ("trouble_detail", models.CharField(blank=True, max_length=200)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="commitments", to="ingest.delivery"
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ingest.remoteae"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "-created_at"], name="commitment_ask_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "asked"])),
                        fields=["due_at"],
                        name="commitment_ask_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "asked", "committed", "failed", "timed_out"])),
                        name="commitment_ask_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["committed", "failed"]), _negated=True),
                            ("answered_at__isnull", False),
                            _connector="OR",
                        ),
                        name="commitment_ask_answered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SentObject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sop_uid", models.CharField(max_length=64)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("ok", "taken"), ("warning", "taken with a remark"), ("failed", "not taken")],
                        max_length=8,
                    ),
                ),
                ("status", models.PositiveIntegerField(help_text="DIMSE status, where there was one", null=True)),
                ("trouble", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="objects_sent", to="ingest.delivery"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "sop_uid"), name="sent_object_natural_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchedFolder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("path", models.CharField(max_length=500, unique=True)),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("keep", "leave the file where it is"),
                            ("move", "move the file to the folder _taken beside it"),
                        ],
                        default="keep",
                        max_length=8,
                    ),
                ),
                (
                    "stable_s",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="unchanged for so long",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3600),
                        ],
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("looked_at", models.DateTimeField(editable=False, null=True)),
                ("trouble", models.CharField(blank=True, editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ("path",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("after__in", ["keep", "move"])), name="watched_folder_after_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchedFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("path", models.TextField(help_text="within the folder")),
                ("path_key", models.CharField(help_text="SHA-256 of the path", max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("mtime_ns", models.BigIntegerField()),
                ("state", models.CharField(choices=[("taken", "taken"), ("refused", "refused")], max_length=8)),
                ("reason", models.CharField(blank=True, max_length=64)),
                ("reason_values", models.JSONField(blank=True, default=dict)),
                ("at", models.DateTimeField()),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="ingest.watchedfolder"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["folder", "state", "-at"], name="watched_file_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("folder", "path_key", "size", "mtime_ns"), name="watched_file_natural_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["taken", "refused"])), name="watched_file_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "taken"), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="watched_file_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "reached_at",
                    models.DateTimeField(editable=False, help_text="when it last took what we sent", null=True),
                ),
                ("failing_since", models.DateTimeField(editable=False, null=True)),
                ("n_failures", models.PositiveIntegerField(default=0, editable=False, help_text="in a row")),
                ("next_try_at", models.DateTimeField(editable=False, help_text="not called before then", null=True)),
                (
                    "trouble",
                    models.CharField(blank=True, editable=False, help_text="code of the last failure", max_length=64),
                ),
                ("trouble_detail", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("url", models.URLField(max_length=500, verbose_name="address")),
                ("secret_cipher", models.BinaryField()),
                (
                    "outcomes",
                    models.JSONField(
                        blank=True, default=list, help_text="none: every outcome", verbose_name="outcomes"
                    ),
                ),
                ("with_pseudonym", models.BooleanField(default=False, verbose_name="with the patient's pseudonym")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [models.UniqueConstraint(fields=("hospital", "url"), name="webhook_natural_key")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField(help_text="not tried before then", null=True)),
                ("trouble", models.CharField(blank=True, help_text="code of the last failure", max_length=64)),
                ("trouble_detail", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("cancelled_by", models.CharField(blank=True, max_length=150)),
                ("cancel_reason", models.TextField(blank=True)),
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sequence", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("body", models.TextField()),
                (
                    "exam",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.exam"),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="ingest.webhook"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["webhook", "state", "next_at"], name="notice_due"),
                    models.Index(fields=["hospital", "state", "-changed_at"], name="notice_hospital_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "exam", "sequence"), name="notice_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed", "cancelled"])),
                        name="notice_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("transaction_uid", models.CharField(max_length=64)),
                ("calling", models.CharField(help_text="AE title of the sender", max_length=16)),
                ("called", models.CharField(blank=True, max_length=16)),
                ("objects_listed", models.JSONField(default=list)),
                ("failures", models.JSONField(default=list)),
                ("n_listed", models.PositiveIntegerField()),
                ("n_found", models.PositiveIntegerField(null=True)),
                ("received_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "to be answered"), ("answered", "answered")],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("n_tries", models.PositiveIntegerField(default=0, help_text="attempts to answer that failed")),
                (
                    "trouble",
                    models.CharField(blank=True, help_text="code why the answer could not be given", max_length=64),
                ),
                ("trouble_detail", models.CharField(blank=True, max_length=200)),
                (
                    "exam",
                    models.ForeignKey(
                        help_text="that the objects held belong to",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
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
                "indexes": [models.Index(fields=["hospital", "-received_at"], name="commitment_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hospital", "calling", "transaction_uid"), name="commitment_natural_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "answered"])), name="commitment_state_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Awaited",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("accession", models.CharField(blank=True, max_length=64)),
                ("study_uid", models.CharField(blank=True, max_length=64)),
                ("is_open", models.BooleanField(default=True)),
                ("since", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="awaited", to="ingest.message"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "awaited",
                "indexes": [
                    models.Index(fields=["hospital", "accession"], name="awaited_accession"),
                    models.Index(fields=["hospital", "study_uid"], name="awaited_study"),
                    models.Index(condition=models.Q(("is_open", True)), fields=["since"], name="awaited_open"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("message", "accession", "study_uid"), name="awaited_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accession", ""), _negated=True),
                            models.Q(("study_uid", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="awaited_named",
                    ),
                ],
            },
        ),
    ]
