import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yingheng.common.ids


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("schedule", "0001_initial"),
    ]

    dependencies = [
        ("tenancy", "0001_squashed_0003_tokens"),
        ("tenancy", "__first__"),
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
                ("subject_type", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("kind", models.CharField(help_text="see schedule.kinds", max_length=32)),
                (
                    "rule",
                    models.CharField(blank=True, help_text="tells plans of one kind and subject apart", max_length=120),
                ),
                ("title", models.CharField(max_length=200)),
                ("owner_role", models.CharField(blank=True, max_length=32)),
                ("first_date", models.DateField()),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("once", "once"),
                            ("day", "days"),
                            ("week", "weeks"),
                            ("month", "months"),
                            ("year", "years"),
                        ],
                        max_length=8,
                    ),
                ),
                ("every", models.PositiveSmallIntegerField(default=1)),
                ("lead_days", models.PositiveSmallIntegerField(default=0)),
                ("grace_days", models.PositiveSmallIntegerField(default=0)),
                ("escalation", models.JSONField(blank=True, default=list)),
                ("active", models.BooleanField(default=True)),
                ("created_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by_name", models.CharField(blank=True, max_length=150)),
                ("ended_reason", models.TextField(blank=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["hospital", "active"], name="plan_hospital")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("active", True)),
                        fields=("subject_type", "subject_id", "kind", "rule"),
                        name="plan_one_active",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("every__gte", 1), ("unit__in", ["once", "day", "week", "month", "year"])),
                        name="plan_recurrence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("owner__isnull", False), ("owner_role", "")),
                            models.Q(("owner__isnull", True), models.Q(("owner_role", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="plan_one_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("active", True), ("ended_at__isnull", True)),
                            models.Q(
                                ("active", False),
                                ("ended_at__isnull", False),
                                models.Q(("ended_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="plan_end_explained",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Due",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("opens_on", models.DateField()),
                ("late_after", models.DateField()),
                (
                    "closes_on",
                    models.DateField(help_text="last day that counts for this due; empty: until it is done", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "due"), ("done", "done"), ("skipped", "skipped"), ("cancelled", "cancelled")],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("done_on", models.DateField(null=True)),
                ("satisfied_by_type", models.CharField(blank=True, max_length=16)),
                ("satisfied_by_id", models.UUIDField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("settled_by_name", models.CharField(blank=True, max_length=150)),
                ("settled_at", models.DateTimeField(null=True)),
                ("n_told", models.PositiveSmallIntegerField(default=0)),
                ("next_step_on", models.DateField(null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dues", to="schedule.plan"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "state", "day"], name="due_calendar"),
                    models.Index(condition=models.Q(("state", "open")), fields=["next_step_on"], name="due_next_step"),
                    models.Index(fields=["satisfied_by_type", "satisfied_by_id"], name="due_satisfied_by"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "day"), name="due_natural_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_on__isnull", True), ("settled_at__isnull", True), ("state", "open")),
                            models.Q(("done_on__isnull", False), ("settled_at__isnull", False), ("state", "done")),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("state__in", ["skipped", "cancelled"]),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="due_settled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("late_after__gte", models.F("day")), ("opens_on__lte", models.F("day"))),
                        name="due_window",
                    ),
                ],
            },
        ),
    ]
