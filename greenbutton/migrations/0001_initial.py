import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import utilities.models

# Django cannot make a partitioned table. Sixteen partitions by the authorization's hash keep one
# customer's query, and one customer's deletion, as cheap with a million customers as with one.
PARTITIONS = 16

CREATE_READING_DAY = (
    """
    CREATE TABLE greenbutton_readingday (
        authorization_id bigint NOT NULL
            REFERENCES authorizations_authorization (id) ON DELETE CASCADE,
        meter_reading_id bigint NOT NULL
            REFERENCES greenbutton_meterreading (id) ON DELETE CASCADE,
        day date NOT NULL,
        start timestamp with time zone NOT NULL,
        seconds integer NOT NULL,
        "values" bigint[] NOT NULL,
        costs bigint[],
        qualities smallint[],
        tou smallint[],
        cpp smallint[],
        tiers smallint[],
        offsets integer[],
        durations integer[],
        count integer NOT NULL,
        total bigint NOT NULL,
        total_cost bigint,
        PRIMARY KEY (authorization_id, meter_reading_id, day)
    ) PARTITION BY HASH (authorization_id)
    """,
    *(
        f"CREATE TABLE greenbutton_readingday_{remainder:02} PARTITION OF greenbutton_readingday"
        f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {remainder})"
        for remainder in range(PARTITIONS)
    ),
    # Deleting a meter reading looks for its days by this column alone.
    "CREATE INDEX greenbutton_readingday_meter_reading"
    " ON greenbutton_readingday (meter_reading_id)",
)
DROP_READING_DAY = "DROP TABLE greenbutton_readingday"

# One row a reading, for people with a SQL tool.
CREATE_READING = """
    CREATE VIEW greenbutton_reading AS
    SELECT
        d.authorization_id,
        d.meter_reading_id,
        d.start + make_interval(secs => coalesce(r.moved, (r.number - 1) * d.seconds)) AS start,
        coalesce(r.lasts, d.seconds) AS seconds,
        r.value,
        r.cost,
        r.quality,
        r.tou,
        r.cpp,
        r.tier
    FROM
        greenbutton_readingday d,
        unnest(
            d."values", d.costs, d.qualities, d.tou, d.cpp, d.tiers, d.offsets, d.durations
        ) WITH ORDINALITY AS r (value, cost, quality, tou, cpp, tier, moved, lasts, number)
"""
DROP_READING = "DROP VIEW greenbutton_reading"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("authorizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeterReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=utilities.models.new_uid, editable=False, max_length=32, unique=True
                    ),
                ),
                ("identity", models.CharField(max_length=500)),
                ("title", models.CharField(blank=True, max_length=256)),
                (
                    "links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("uom", models.IntegerField(null=True)),
                ("power_of_ten", models.IntegerField(null=True)),
                ("commodity", models.IntegerField(null=True)),
                ("currency", models.IntegerField(null=True)),
                ("flow_direction", models.IntegerField(null=True)),
                ("accumulation_behaviour", models.IntegerField(null=True)),
                ("interval_length", models.BigIntegerField(null=True)),
                ("measurement_kind", models.IntegerField(null=True)),
                ("default_quality", models.IntegerField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Pull",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=utilities.models.new_uid, editable=False, max_length=32, unique=True
                    ),
                ),
                ("started", models.DateTimeField(auto_now_add=True)),
                ("finished", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("waiting", "Utility is preparing"),
                            ("failed", "Failed"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("first", models.BooleanField(default=False)),
                ("windows_planned", models.PositiveIntegerField(default=0)),
                ("windows_done", models.PositiveIntegerField(default=0)),
                ("readings", models.PositiveBigIntegerField(default=0)),
                ("new", models.PositiveBigIntegerField(default=0)),
                ("changed", models.PositiveBigIntegerField(default=0)),
                ("bills", models.PositiveIntegerField(default=0)),
                ("findings", models.JSONField(default=list)),
                ("error", models.TextField(blank=True)),
                ("message", models.TextField(blank=True)),
                (
                    "authorization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pulls",
                        to="authorizations.authorization",
                    ),
                ),
            ],
            options={
                "ordering": ["-started", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RawFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=utilities.models.new_uid, editable=False, max_length=32, unique=True
                    ),
                ),
                ("received", models.DateTimeField(auto_now_add=True)),
                ("window_start", models.DateTimeField(null=True)),
                ("window_end", models.DateTimeField(null=True)),
                ("size", models.PositiveBigIntegerField(help_text="Bytes before compression.")),
                ("sha256", models.CharField(max_length=64)),
                ("error", models.TextField(blank=True)),
                (
                    "pull",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="raw_feeds",
                        to="greenbutton.pull",
                    ),
                ),
            ],
            options={
                "ordering": ["-received", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ReadingCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("seconds", models.IntegerField()),
                ("old_value", models.BigIntegerField(null=True)),
                ("new_value", models.BigIntegerField(null=True)),
                ("old_cost", models.BigIntegerField(null=True)),
                ("new_cost", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "authorization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrections",
                        to="authorizations.authorization",
                    ),
                ),
                (
                    "meter_reading",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrections",
                        to="greenbutton.meterreading",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE_READING_DAY, DROP_READING_DAY),
                migrations.RunSQL(CREATE_READING, DROP_READING),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="ReadingDay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "authorization_id",
                                "meter_reading_id",
                                "day",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("day", models.DateField()),
                        ("start", models.DateTimeField()),
                        ("seconds", models.IntegerField()),
                        (
                            "values",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(null=True), size=None
                            ),
                        ),
                        (
                            "costs",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(null=True), null=True, size=None
                            ),
                        ),
                        (
                            "qualities",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(null=True), null=True, size=None
                            ),
                        ),
                        (
                            "tou",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(null=True), null=True, size=None
                            ),
                        ),
                        (
                            "cpp",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(null=True), null=True, size=None
                            ),
                        ),
                        (
                            "tiers",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(null=True), null=True, size=None
                            ),
                        ),
                        (
                            "offsets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), null=True, size=None
                            ),
                        ),
                        (
                            "durations",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), null=True, size=None
                            ),
                        ),
                        ("count", models.IntegerField()),
                        ("total", models.BigIntegerField()),
                        ("total_cost", models.BigIntegerField(null=True)),
                        (
                            "authorization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="reading_days",
                                to="authorizations.authorization",
                            ),
                        ),
                        (
                            "meter_reading",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="days",
                                to="greenbutton.meterreading",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="UsagePoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=utilities.models.new_uid, editable=False, max_length=32, unique=True
                    ),
                ),
                ("identity", models.CharField(max_length=500)),
                ("title", models.CharField(blank=True, max_length=256)),
                ("kind", models.IntegerField(null=True)),
                ("status", models.IntegerField(null=True)),
                ("role_flags", models.CharField(blank=True, max_length=16)),
                (
                    "links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "authorization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage_points",
                        to="authorizations.authorization",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="meterreading",
            name="usage_point",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="meter_readings",
                to="greenbutton.usagepoint",
            ),
        ),
        migrations.CreateModel(
            name="UsageSummary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=utilities.models.new_uid, editable=False, max_length=32, unique=True
                    ),
                ),
                ("identity", models.CharField(max_length=500)),
                ("start", models.DateTimeField(null=True)),
                ("seconds", models.BigIntegerField(null=True)),
                ("bill_last_period", models.BigIntegerField(null=True)),
                ("bill_to_date", models.BigIntegerField(null=True)),
                ("currency", models.IntegerField(null=True)),
                ("consumption", models.BigIntegerField(null=True)),
                ("consumption_power_of_ten", models.IntegerField(null=True)),
                ("consumption_uom", models.IntegerField(null=True)),
                ("line_items", models.JSONField(default=list)),
                ("tariff_profile", models.CharField(blank=True, max_length=256)),
                ("agency", models.CharField(blank=True, max_length=256)),
                (
                    "usage_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="summaries",
                        to="greenbutton.usagepoint",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "usage summaries",
                "ordering": ["-start", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RawFeedPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("body", models.BinaryField()),
                (
                    "raw_feed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="greenbutton.rawfeed",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("raw_feed", "number"), name="one_raw_feed_part_a_number"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="usagepoint",
            constraint=models.UniqueConstraint(
                fields=("authorization", "identity"), name="one_usage_point_an_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="meterreading",
            constraint=models.UniqueConstraint(
                fields=("usage_point", "identity"), name="one_meter_reading_an_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="usagesummary",
            constraint=models.UniqueConstraint(
                fields=("usage_point", "identity"), name="one_usage_summary_an_identity"
            ),
        ),
    ]
