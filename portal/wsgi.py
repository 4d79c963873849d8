"""The WSGI application of either site; SITE says which."""

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

CHARSET = re.compile(r';\s*charset\s*=\s*"?([^";]*)"?', re.IGNORECASE)
FORM = "application/x-www-form-urlencoded"

_django = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Django's, which is told of one charset only.

    It takes that of a Content-Type for the address's too, and breaks while it makes the request,
    before anything could refuse it, where that is no charset of any text ("hex"). An address is
    UTF-8 (RFC 3987 §3.1), and a view reads the charset of a document in the document. A form that
    says that it is in another one stays refused (WHATWG URL §5.1: it is UTF-8).
    """
    said = environ.get("CONTENT_TYPE", "")
    if any(each.strip().lower() != "utf-8" for each in CHARSET.findall(said)):
        others = "; charset=iso-8859-1" if said.lower().startswith(FORM) else ""
        environ["CONTENT_TYPE"] = CHARSET.sub("", said) + others
    return _django(environ, start_response)
