import django.utils.timezone
from django.db import migrations, models

import yingheng.common.ids


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("jobs", "0001_initial"),
        ("jobs", "0002_signal"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=64)),
                ("natural_key", models.CharField(max_length=200)),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("scope", models.CharField(blank=True, max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Waiting"), ("running", "Running"), ("done", "Done"), ("parked", "Parked")],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("rerun", models.BooleanField(default=False)),
                ("priority", models.SmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("owner", models.CharField(blank=True, max_length=100)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("max_attempts", models.PositiveSmallIntegerField(default=5)),
                ("error", models.TextField(blank=True)),
                ("progress_done", models.PositiveIntegerField(default=0)),
                ("progress_total", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("priority"), descending=True),
                        models.F("not_before"),
                        condition=models.Q(("state", "queued")),
                        name="jobs_job_next",
                    ),
                    models.Index(
                        condition=models.Q(("state", "running")), fields=["lease_until"], name="jobs_job_leases"
                    ),
                    models.Index(fields=["state", "-id"], name="jobs_job_list"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "natural_key"), name="jobs_job_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("queued", "running", "done", "parked"))),
                        name="jobs_job_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_until__isnull", False),
                                ("state", "running"),
                                models.Q(("owner", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "running"), _negated=True),
                                ("lease_until__isnull", True),
                                ("owner", ""),
                                ("rerun", False),
                            ),
                            _connector="OR",
                        ),
                        name="jobs_job_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "parked"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="jobs_job_parked_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("topic", models.CharField(max_length=16)),
                ("key", models.CharField(max_length=64)),
                ("group", models.CharField(blank=True, max_length=64)),
                ("scope", models.CharField(blank=True, max_length=255)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="jobs_signal_at")],
            },
        ),
    ]
