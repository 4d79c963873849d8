"""Who may have an account: staff, whom other staff or a command made. Customers are guests."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.http import HttpRequest


class StaffOnly(DefaultAccountAdapter):
    """allauth's rules without the sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


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
