import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yingheng.common.ids


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("notify", "0001_initial"),
    ]

    dependencies = [
        ("tenancy", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("kind", models.CharField(max_length=64)),
                ("params", models.JSONField(blank=True, default=dict)),
                ("subject", models.CharField(blank=True, max_length=255)),
                ("link", models.CharField(blank=True, max_length=500)),
                (
                    "level",
                    models.CharField(
                        choices=[("info", "For information"), ("warning", "Needs attention"), ("urgent", "Urgent")],
                        default="info",
                        max_length=8,
                    ),
                ),
                ("scope", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="notify_message_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ("info", "warning", "urgent"))), name="notify_message_level"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="notify.message"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["recipient", "-id"], name="notify_delivery_list"),
                    models.Index(
                        condition=models.Q(("read_at__isnull", True)),
                        fields=["recipient"],
                        name="notify_delivery_unread",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("message", "recipient"), name="notify_delivery_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acknowledged_at__isnull", True), ("read_at__isnull", False), _connector="OR"
                        ),
                        name="notify_delivery_read_first",
                    ),
                ],
            },
        ),
    ]
