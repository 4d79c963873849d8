"""The door to the staff pages, and the accounts that may go through it."""

from __future__ import annotations

from typing import Any

# Imported for what they register, so that it can be unregistered: an authenticator's page would
# show its secret, and e-mail addresses are kept by allauth's own pages.
import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from authorizations.customers.accounts import note_address
from portal.accounts import vouch_for_email
from utilities.staff import signed_in

# One way in, with allauth's rate limits and second factor, instead of the admin's own form.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

for model in (EmailAddress, Authenticator, User, Group):
    admin.site.unregister(model)


class NewUserForm(UserCreationForm):
    """A new account, known by its e-mail address alone."""

    class Meta:
        model = User
        fields = ("email",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).exists():
            raise ValidationError("There is an account with this address already.")
        self.instance.username = email
        return email


class SuperusersOnly:
    """Whoever may edit accounts could make themselves a superuser, so only those may."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return signed_in(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return signed_in(request).is_superuser

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return signed_in(request).is_superuser


@admin.register(User)
class UserAdmin(SuperusersOnly, DjangoUserAdmin[User], ModelAdmin):
    """Accounts of staff, and of customers, who are told apart by the filter "staff status".

    Nobody signs up for the first; the second make themselves by proving an address.
    """

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "first_name", "last_name", "is_staff", "is_superuser", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    add_fieldsets = (
        (
            None,
            {
                "fields": ["email", "usable_password", "password1", "password2"],
                "description": "Tick “Staff status” on the next page, and choose permissions.",
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # In the one spelling by which a customer's account is found.
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)
        vouch_for_email(obj)
        note_address(obj)


@admin.register(Group)
class GroupAdmin(SuperusersOnly, DjangoGroupAdmin, ModelAdmin):
    """Sets of permissions."""

    nothing_yet = "There is no group yet. One gives several people the same permissions."
