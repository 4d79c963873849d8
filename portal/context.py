"""What every template of the portal may say."""

from django.conf import settings
from django.http import HttpRequest

from portal.version import VERSION


def company(request: HttpRequest) -> dict[str, object]:
    """The company that runs this portal, as its customers know it."""
    return {
        "company_name": settings.COMPANY_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "is_demo": settings.DEMO,
        "version": VERSION,
    }
