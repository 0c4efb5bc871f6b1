import django.db.models.deletion
from django.db import migrations, models

import yingheng.common.ids


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("rollups", "0001_initial"),
    ]

    dependencies = [
        ("tenancy", "0001_squashed_0003_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cell",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yingheng.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("indicator", models.CharField(max_length=120)),
                ("day", models.DateField(help_text="local date of the hospital")),
                ("dimensions", models.JSONField(default=dict)),
                ("dimensions_hash", models.CharField(max_length=64)),
                ("numerator", models.BigIntegerField(default=0)),
                ("denominator", models.BigIntegerField(default=0)),
                ("sum_micro", models.BigIntegerField(default=0)),
                ("histogram", models.JSONField(default=dict)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["hospital", "indicator", "day"], name="cell_hospital_indicator")],
                "constraints": [
                    models.UniqueConstraint(fields=("indicator", "hospital", "day", "dimensions_hash"), name="cell_key")
                ],
            },
        ),
    ]
