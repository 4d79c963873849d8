"""Who may have an account, and by which door each comes in.

Staff accounts are made by other staff or by a command; they come in by allauth's pages, with a
password and a second factor. Customers come in by a code (authorizations/customers), which
makes the account, and see none of allauth's pages.
"""

from collections.abc import Callable

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers


class TwoDoors(DefaultAccountAdapter):
    """allauth's rules without its sign-up page: neither door needs it."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class StaffResetPasswordForm(ResetPasswordForm):
    """A forgotten password is the staff's only: a customer has none, and is not to get one."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        # What allauth found, and writes to.
        self.users: list[User] = [user for user in self.users if user.is_staff]
        return email


class StaffPages:
    """Keep allauth's pages to those whom they are for; everybody else gets a 404.

    No cache keeps them, nor the staff's other pages. Nobody uses those that sign people up or in
    by an e-mail: the customers' door has its own.
    """

    FOR_NOBODY = frozenset({"account_signup", "account_confirm_login_code"})
    # A customer who comes to the staff's door is told so there, and can go out again.
    FOR_CUSTOMERS = frozenset({"account_login", "account_logout", "account_inactive"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if is_below(request, "accounts/", "staff/"):
            # Some leave it to the browser, allauth's page of recovery codes among them.
            add_never_cache_headers(response)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> None:
        if not is_below(request, "accounts/"):
            return
        match = request.resolver_match
        assert match is not None
        user = request.user
        is_customer = user.is_authenticated and not user.is_staff
        if match.url_name in self.FOR_NOBODY or (
            is_customer and match.url_name not in self.FOR_CUSTOMERS
        ):
            raise Http404


def is_below(request: HttpRequest, *folders: str) -> bool:
    """Whether it is for a page below one of these; known once the address was resolved."""
    match = request.resolver_match
    return match is not None and match.route.startswith(folders)


def vouch_for_email(user: User) -> None:
    """Keep the account's address as its only one, and as verified.

    Whoever makes staff accounts knows whose address it is; without a verified one allauth refuses
    a second factor.
    """
    addresses = EmailAddress.objects.filter(user=user)
    addresses.exclude(email=user.email.lower()).delete()
    if user.email:
        EmailAddress.objects.update_or_create(
            user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
        )


def make_superuser(email: str, password: str) -> tuple[User, bool]:
    """The staff account with this address and password, and whether it is new.

    An account that has the password already is left alone, since setting it again would sign its
    owner out.
    """
    user = User.objects.filter(email__iexact=email).order_by("pk").first()
    is_new = user is None
    if user is None:
        user = User(username=email.lower(), email=email.lower())
    user.is_active = user.is_staff = user.is_superuser = True
    if is_new or not user.check_password(password):
        user.set_password(password)
    user.save()
    vouch_for_email(user)
    return user, is_new
