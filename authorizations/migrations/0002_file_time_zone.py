import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What comes from a file may come from a utility that we do not know, in a zone of its own."""

    dependencies = [
        ("authorizations", "0001_initial"),
        ("utilities", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="authorization",
            name="utility",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="authorizations",
                to="utilities.utility",
            ),
        ),
        migrations.AddField(
            model_name="authorization",
            name="time_zone",
            field=models.CharField(blank=True, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="authorization",
            name="time_zone_is_proposed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin", "file"), ("utility__isnull", False), _connector="OR"),
                name="only_a_file_has_no_utility",
            ),
        ),
    ]
