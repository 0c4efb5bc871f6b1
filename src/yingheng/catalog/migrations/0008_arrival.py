from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_retention_walk'),
    ]

    operations = [
        migrations.AddField(
            model_name='exam',
            name='arrival',
            field=models.JSONField(blank=True, default=dict, help_text='what its steps and storage commitments tell'),
        ),
    ]
