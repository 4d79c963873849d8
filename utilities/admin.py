"""Staff pages for utilities and for this company's registrations with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from utilities import certificates, registration
from utilities.certificates import CertificateError
from utilities.models import Client, ClientStatusChange, Utility, origin_of
from utilities.registration import RegistrationError
from utilities.registration_page import RegistrationPage, address_of, line_about
from utilities.staff import (
    Colour,
    ReadOnlyInline,
    StaffAdmin,
    badge,
    copyable,
    more,
    scope_in_words,
    sentences,
    signed_in,
    staff_action,
)

Said = TypeVar("Said")


def status_badge(client: Client) -> SafeString:
    """Sandbox or live, large and in colour, in words that cannot be mistaken for each other."""
    return render_to_string("admin/_status_badge.html", {"client": client})


@admin.register(Utility)
class UtilityAdmin(StaffAdmin):
    """What the registry files say, to read; staff decide only whether customers may choose it."""

    list_display = ["name", "utility_id", "programme", "time_zone", "enabled", "registrations"]
    actions_detail = ["back_to_registry"]
    nothing_yet = "No utility is known yet. “manage.py load_utilities” reads the registry."
    list_filter = ["enabled"]
    search_fields = ["name", "utility_id"]
    readonly_fields = [
        "name",
        "short_name",
        "utility_id",
        "slug",
        "description",
        "website",
        "programme",
        "service_words",
        "time_zone",
        "authorize_url",
        "token_url",
        "resource_url",
        "origin_list",
        "issuer",
        "test_submit_url",
        "taken_over_words",
        "ways",
        "unavailable",
        "quirk_words",
    ]
    fieldsets = [
        (
            None,
            {
                "fields": ["enabled", "unavailable"],
                "description": "Everything else comes from this utility's file in "
                "utilities/registry; “manage.py load_utilities” reads it again.",
            },
        ),
        (
            "Who it is",
            {
                "fields": [
                    ("name", "short_name"),
                    ("utility_id", "slug"),
                    "description",
                    "website",
                    ("programme", "service_words"),
                    "time_zone",
                ]
            },
        ),
        (
            "Addresses",
            {
                "fields": [
                    "authorize_url",
                    "token_url",
                    "resource_url",
                    "origin_list",
                    "issuer",
                    "test_submit_url",
                    "taken_over_words",
                ]
            },
        ),
        ("How customers say who they are", {"fields": ["ways"]}),
        ("Where it goes its own way", {"fields": ["quirk_words"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="Services")
    def service_words(self, utility: Utility) -> str:
        return ", ".join(utility.services)

    @admin.display(description="Origins that may receive our tokens")
    def origin_list(self, utility: Utility) -> SafeString:
        return sentences(utility.origins)

    @admin.display(description="Taken over from the utility, instead of the registry's")
    def taken_over_words(self, utility: Utility) -> SafeString | str:
        lines = [f"{name}: {url}" for name, url in utility.taken_over.items()]
        return sentences(lines) if lines else "None"

    @staff_action(
        "Back to the registry",
        "The addresses that were taken over from the utility's own document are forgotten. They "
        "stay in use until “manage.py load_utilities” reads the registry's again.",
        icon="undo",
        offered=lambda utility: bool(utility.taken_over),
    )
    def back_to_registry(self, request: HttpRequest, utility: Utility, why: str) -> str:
        utility.give_back()
        return "They are forgotten. Run “manage.py load_utilities” to use the registry's."

    @admin.display(description="Ways")
    def ways(self, utility: Utility) -> SafeString:
        return render_to_string("admin/_ways.html", {"ways": utility.authentication_ways})

    @admin.display(description="Quirks, and why we think so")
    def quirk_words(self, utility: Utility) -> SafeString:
        words = utility.behaviour.in_words()
        quirks = [(said, utility.evidence.get(name, "")) for name, said in words.items()]
        return render_to_string("admin/_quirks.html", {"quirks": quirks})

    @admin.display(description="Registrations")
    def registrations(self, utility: Utility) -> SafeString:
        return format_html_join(" ", "{}", ((status_badge(one),) for one in utility.clients.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Utility]:
        found: QuerySet[Utility] = super().get_queryset(request)
        return found.prefetch_related("clients")


class UnseenTextarea(UnfoldAdminTextareaWidget):
    """Takes what is typed in and never sends it back, also when something else was wrong."""

    def format_value(self, value: Any) -> str:
        """Nothing."""
        return ""


class ClientForm(ModelForm[Client]):
    """A registration as the utility's page shows it; its secrets are typed in, never shown."""

    new_secret = forms.CharField(
        label="Client secret",
        required=False,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
    new_registration_token = forms.CharField(
        label="Registration access token",
        required=False,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
    new_certificate = forms.CharField(
        label="Client certificate",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
    )
    new_certificate_key = forms.CharField(
        label="Key of the certificate",
        required=False,
        widget=UnseenTextarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    new_redirect_uris = forms.CharField(
        label="Redirect URIs",
        required=False,
        help_text="One a line. Left empty, this portal's own address for the utility is kept.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    class Meta:
        model = Client
        fields = ["default_scope"]  # the admin's fieldsets name the others

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["new_redirect_uris"] = "\r\n".join(self.instance.redirect_uris)
        self.fields["new_secret"].required = self.instance.pk is None
        for name in ("new_secret", "new_registration_token"):
            self.fields[name].help_text = "Kept encrypted, and never shown again."
        self._explain("new_certificate", kept=bool(self.instance.certificate))
        self._explain("new_certificate_key", kept=bool(self.instance.certificate_key))
        self.fields[
            "new_certificate"
        ].help_text += " In PEM, and only for a utility that wants one: its quirks say so."

    def _explain(self, field: str, *, kept: bool) -> None:
        self.fields[field].help_text = (
            "Kept, encrypted, and never shown again. Type here only to replace it."
            if kept
            else "Kept encrypted, and never shown again."
        )

    def clean_default_scope(self) -> str:
        text: str = self.cleaned_data["default_scope"]
        return checked_scope(text)

    def clean_new_redirect_uris(self) -> list[str]:
        uris: list[str] = self.cleaned_data["new_redirect_uris"].split()
        for uri in uris:
            if origin_of(uri) is None:
                raise ValidationError(f"{uri} is no address that begins with https://")
        return uris

    def clean(self) -> dict[str, Any]:
        """The customer comes back to this portal, so its address is one of the redirect URIs."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._check_certificate(cleaned.get("new_certificate"), cleaned.get("new_certificate_key"))
        utility = cleaned.get("utility") or getattr(self.instance, "utility", None)
        uris = cleaned.get("new_redirect_uris")
        if utility and uris and utility.callback_url not in uris:
            self.add_error(
                "new_redirect_uris",
                f"{utility.callback_url} has to be among them: this portal answers there.",
            )
        return cleaned

    def _check_certificate(self, certificate: str | None, key: str | None) -> None:
        """Both or neither: a certificate is of no use with another's key."""
        if not certificate and not key:
            return
        if not certificate or not key:
            missing = "new_certificate_key" if certificate else "new_certificate"
            self.add_error(missing, "A certificate and its key are replaced together.")
            return
        try:
            certificates.check(certificate, key)
        except CertificateError as e:
            self.add_error("new_certificate", str(e))

    def save(self, commit: bool = True) -> Client:
        client = self.instance
        if certificate := self.cleaned_data["new_certificate"]:
            client.certificate = certificate
            client.certificate_key = self.cleaned_data["new_certificate_key"]
        client.redirect_uris = self.cleaned_data["new_redirect_uris"] or [
            client.utility.callback_url
        ]
        # On the page of a client that is kept, both are replaced by buttons that try them first.
        if client._state.adding:
            client.client_secret = self.cleaned_data["new_secret"]
            client.registration_token = self.cleaned_data["new_registration_token"]
        return super().save(commit)


def checked_scope(text: str) -> str:
    """The scope as it is, if it can be read and prefills nothing; raises a ValidationError."""
    try:
        scope = espi_scope.parse(text)
    except ScopeError as e:
        raise ValidationError(str(e)) from e
    if scope.additional:
        raise ValidationError(
            "Leave AdditionalScope out: a share link adds the way to sign in by itself."
        )
    return text


class ChangesInline(ReadOnlyInline):
    """Who changed the client's status, when and why."""

    model = ClientStatusChange
    verbose_name_plural = "History of its status"
    fields = readonly_fields = ["at", "what", "by", "why"]


# How long before its end a secret or a certificate is worth a warning.
SOON_DAYS = 30


def tried(act: Callable[..., Said], *given: Any) -> Said:
    """Do it; what the utility did not take is shown to staff as what a model refuses is."""
    try:
        return act(*given)
    except RegistrationError as e:
        raise ValidationError(str(e)) from e


def is_kept(client: Client) -> bool:
    return client.retired_at is None


class ClientAdmin(RegistrationPage):
    """GBC registrations. The status moves through buttons that ask why, never through a field.

    Its page also shows what was collected to test it, so that greenbutton.admin registers it.
    """

    form = ClientForm
    inlines = [ChangesInline]
    list_display = ["client_id", "status_now", "utility", "company_name", "approval", "use", "kind"]
    list_display_links = ["client_id"]
    list_filter = ["status", "utility", "public"]
    list_select_related = ["utility"]
    search_fields = ["client_id", "company_name"]
    actions_detail: ClassVar[list[Any]] = [
        "approve",
        "go_live",
        more("back_to_sandbox", "pause", "resume", "retire"),
    ]
    nothing_yet = "There is no registration yet. Add what a utility gave you when you registered."

    def get_fieldsets(self, request: HttpRequest, obj: Client | None = None) -> list[Any]:
        registration = ["utility", "client_id", "company_name", "default_scope"]
        addresses = ["new_redirect_uris", "notify_url"]
        certificate = ["new_certificate", "new_certificate_key"]
        if obj is None:
            secrets = ["new_secret", "secret_expires_at", "new_registration_token", *certificate]
            return [
                ("The registration", {"fields": [*registration, *addresses]}),
                ("Its secrets", {"fields": secrets}),
            ]
        status = [
            "status_now",
            "use",
            ("approval", "kind"),
            "at_utility",
            ("created", "retired_at"),
        ]
        if not self.has_change_permission(request, obj):
            addresses, certificate = ["notify_url"], []
        secrets = ["secret_end"] if obj.secret_ends_within(SOON_DAYS) else []
        secrets += ["secrets_kept", "secret_expires_at", *certificate]
        secrets += ["certificate_facts"] if obj.certificate else []
        return [
            ("Status", {"fields": status}),
            (
                "The registration",
                {"fields": [*registration, "scope_words", "addresses", *addresses]},
            ),
            ("Its secrets", {"fields": secrets}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> list[str]:
        shown = ["status_now", "approval", "use", "kind", "created", "retired_at"]
        shown += ["scope_words", "addresses", "secrets_kept", "at_utility"]
        shown += ["secret_end", "certificate_facts"]
        # The client id names the registration; another id is another registration.
        return [*shown, "utility", "client_id"] if obj else shown

    def get_inlines(self, request: HttpRequest, obj: Client | None) -> list[Any]:
        return self.inlines if obj else []

    @admin.display(description="Status", ordering="status")
    def status_now(self, client: Client) -> SafeString:
        return status_badge(client)

    @admin.display(description="Approval", ordering="approved_at")
    def approval(self, client: Client) -> str:
        if client.approved_at is None:
            return "Not approved by the utility"
        return f"Approved on {client.approved_at:%Y-%m-%d}"

    @admin.display(description="In use", ordering="paused_at")
    def use(self, client: Client) -> SafeString:
        if client.retired_at:
            return badge("Retired")
        if client.paused_at:
            why = f"since {client.paused_at:%Y-%m-%d}: {client.paused_reason}"
            return format_html("{} {}", badge("Paused", "danger"), why)
        return badge("In use", "success")

    @admin.display(description="Kind", ordering="public")
    def kind(self, client: Client) -> str:
        return "Public, sandbox only" if client.public else "Our own"

    @admin.display(description="Which means")
    def scope_words(self, client: Client) -> SafeString:
        return scope_in_words(client.default_scope)

    @admin.display(description="Redirect URIs, as registered at the utility")
    def addresses(self, client: Client) -> SafeString:
        return format_html_join("", "{}", ((copyable(uri),) for uri in client.redirect_uris))

    @admin.display(description="Secrets")
    def secrets_kept(self, client: Client) -> SafeString | str:
        kept = "A client secret and a registration token. Kept, encrypted."
        if not client.registration_token:
            kept = "A client secret, but no registration token. Kept, encrypted."
        link = '{} <a class="text-primary-600 underline" href="{}#secrets">Replace one</a>'
        return format_html(link, kept, address_of(client))

    @admin.display(description="At the utility")
    def at_utility(self, client: Client) -> SafeString:
        link = '{} <a class="text-primary-600 underline" href="{}">How the utility sees it</a>'
        return format_html(link, line_about(client), address_of(client))

    @admin.display(description="The client secret")
    def secret_end(self, client: Client) -> SafeString:
        ends = client.secret_expires_at
        assert ends is not None
        over = ends <= timezone.now()
        word = badge("Ended", "danger") if over else badge("Ends soon", "warning")
        says = "Get a new one on the utility's page, and press “Replace one”."
        return format_html("{} on {}. {}", word, f"{ends:%Y-%m-%d}", says)

    @admin.display(description="The certificate that is kept")
    def certificate_facts(self, client: Client) -> SafeString:
        facts = certificates.facts_of(client.certificate)
        over = facts.ends <= timezone.now()
        soon = facts.ends <= timezone.now() + timedelta(days=SOON_DAYS)
        colour: Colour = "danger" if over else "warning" if soon else "success"
        word = badge("Ended" if over else "Ends soon" if soon else "Good", colour)
        return format_html(
            "{} It ends on {} and is of {}, signed by {}.",
            word,
            f"{facts.ends:%Y-%m-%d}",
            facts.subject,
            facts.issuer,
        )

    @staff_action(
        "Approve",
        "The utility reviewed this registration and said yes?",
        icon="verified",
        offered=lambda client: is_kept(client) and client.approved_at is None,
    )
    def approve(self, request: HttpRequest, client: Client, why: str) -> str:
        client.approve(signed_in(request), why)
        return f"{client.client_id} is approved. It stays in the sandbox until you take it live."

    @staff_action(
        "Go live",
        "From now on real customers can authorize this client, and their data flows in. The "
        "utility is told, where it takes this from a program.",
        icon="public",
        variant=ActionVariant.SUCCESS,
        offered=lambda client: is_kept(client) and client.is_sandbox,
    )
    def go_live(self, request: HttpRequest, client: Client, why: str) -> str:
        return tried(registration.go_live, client, signed_in(request), why)

    @staff_action(
        "Back to sandbox",
        "Only test accounts will be able to authorize. What was authorized before stays.",
        icon="science",
        offered=lambda client: is_kept(client) and not client.is_sandbox,
    )
    def back_to_sandbox(self, request: HttpRequest, client: Client, why: str) -> str:
        return tried(registration.back_to_sandbox, client, signed_in(request), why)

    @staff_action(
        "Pause",
        "Nobody can connect and nothing is collected with it until it is resumed. Consents stay.",
        icon="pause",
        variant=ActionVariant.WARNING,
        offered=lambda client: is_kept(client) and client.paused_at is None,
    )
    def pause(self, request: HttpRequest, client: Client, why: str) -> str:
        client.pause(why, signed_in(request))
        return f"{client.client_id} is paused."

    @staff_action(
        "Resume",
        "Customers can connect again, and what came due meanwhile is collected.",
        icon="play_arrow",
        offered=lambda client: is_kept(client) and client.paused_at is not None,
    )
    def resume(self, request: HttpRequest, client: Client, why: str) -> str:
        client.resume(signed_in(request), why)
        return f"{client.client_id} is in use again."

    @staff_action(
        "Retire",
        "Put it away for good: nobody can connect and nothing is collected with it any more.",
        icon="archive",
        variant=ActionVariant.DANGER,
        offered=is_kept,
    )
    def retire(self, request: HttpRequest, client: Client, why: str) -> str:
        client.retire(signed_in(request), why)
        return f"{client.client_id} is retired. Its history stays."
