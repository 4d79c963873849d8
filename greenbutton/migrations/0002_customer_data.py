import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import utilities.encrypted
import utilities.models


class Migration(migrations.Migration):
    """Account, agreement, service address and meter, and what tells series apart."""

    dependencies = [
        ("authorizations", "0001_initial"),
        ("greenbutton", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
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
                ("self_link", models.TextField(blank=True)),
                ("up_link", models.TextField(blank=True)),
                (
                    "related_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("street", utilities.encrypted.EncryptedTextField(blank=True)),
                ("city", utilities.encrypted.EncryptedTextField(blank=True)),
                ("state", utilities.encrypted.EncryptedTextField(blank=True)),
                ("postal_code", utilities.encrypted.EncryptedTextField(blank=True)),
                ("name", utilities.encrypted.EncryptedTextField(blank=True)),
                ("kind", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CustomerAccount",
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
                ("self_link", models.TextField(blank=True)),
                ("up_link", models.TextField(blank=True)),
                (
                    "related_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("account_id", utilities.encrypted.EncryptedTextField(blank=True)),
                ("name", utilities.encrypted.EncryptedTextField(blank=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CustomerAgreement",
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
                ("self_link", models.TextField(blank=True)),
                ("up_link", models.TextField(blank=True)),
                (
                    "related_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("agreement_id", utilities.encrypted.EncryptedTextField(blank=True)),
                ("name", utilities.encrypted.EncryptedTextField(blank=True)),
                ("suppliers", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Meter",
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
                ("self_link", models.TextField(blank=True)),
                ("up_link", models.TextField(blank=True)),
                (
                    "related_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("is_meter", models.BooleanField(default=True)),
                ("serial_number", utilities.encrypted.EncryptedTextField(blank=True)),
                ("name", models.CharField(blank=True, max_length=256)),
                ("type", models.CharField(blank=True, max_length=256)),
                ("form_number", models.CharField(blank=True, max_length=256)),
                ("installed", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ServiceLocation",
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
                ("self_link", models.TextField(blank=True)),
                ("up_link", models.TextField(blank=True)),
                (
                    "related_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("street", utilities.encrypted.EncryptedTextField(blank=True)),
                ("city", utilities.encrypted.EncryptedTextField(blank=True)),
                ("state", utilities.encrypted.EncryptedTextField(blank=True)),
                ("postal_code", utilities.encrypted.EncryptedTextField(blank=True)),
                (
                    "usage_point_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="meterreading",
            name="consumption_tier",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="cpp",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="data_qualifier",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="phase",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="time_attribute",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="tou",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="usagepoint",
            name="delivery_point",
            field=models.CharField(blank=True, max_length=256),
        ),
        migrations.AddField(
            model_name="usagepoint",
            name="tariff_profile",
            field=models.CharField(blank=True, max_length=256),
        ),
        migrations.AddField(
            model_name="customer",
            name="authorization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="authorizations.authorization",
            ),
        ),
        migrations.AddField(
            model_name="customeraccount",
            name="authorization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="authorizations.authorization",
            ),
        ),
        migrations.AddField(
            model_name="customeraccount",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="accounts",
                to="greenbutton.customer",
            ),
        ),
        migrations.AddField(
            model_name="customeragreement",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="agreements",
                to="greenbutton.customeraccount",
            ),
        ),
        migrations.AddField(
            model_name="customeragreement",
            name="authorization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="authorizations.authorization",
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="agreement",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="meters",
                to="greenbutton.customeragreement",
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="authorization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="authorizations.authorization",
            ),
        ),
        migrations.AddField(
            model_name="servicelocation",
            name="agreement",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="service_locations",
                to="greenbutton.customeragreement",
            ),
        ),
        migrations.AddField(
            model_name="servicelocation",
            name="authorization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="authorizations.authorization",
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="service_location",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="meters",
                to="greenbutton.servicelocation",
            ),
        ),
        migrations.AddField(
            model_name="usagepoint",
            name="service_location",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="usage_points",
                to="greenbutton.servicelocation",
            ),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.UniqueConstraint(
                fields=("authorization", "identity"), name="one_customer_an_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="customeraccount",
            constraint=models.UniqueConstraint(
                fields=("authorization", "identity"), name="one_customeraccount_an_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="customeragreement",
            constraint=models.UniqueConstraint(
                fields=("authorization", "identity"), name="one_customeragreement_an_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="servicelocation",
            constraint=models.UniqueConstraint(
                fields=("authorization", "identity"), name="one_servicelocation_an_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="meter",
            constraint=models.UniqueConstraint(
                fields=("authorization", "identity"), name="one_meter_an_identity"
            ),
        ),
    ]
