"""Settings of both sites, in one file that refuses what is unsafe.

`SITE` says which site this process is: `portal` (the company) or `sandbox` (the utilities that it
can be tried against). Everything else comes from the environment; `.env.example` explains each
variable. A variable that is missing, misspelt or contradicts another one stops the start with a
sentence, since a portal that starts with a guess is worse than one that does not start.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import dj_database_url
import django_stubs_ext
from cryptography.fernet import Fernet
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port
from django.urls import reverse_lazy
from dotenv import load_dotenv

from portal.version import VERSION

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

ENV_FILE = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
if ENV_FILE:
    load_dotenv(ENV_FILE)


def text(name: str, default: str | None = None) -> str:
    """The variable, stripped; refuses to start when it is absent and there is no default."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. `make setup` writes a .env file with the keys; "
            ".env.example explains every variable."
        )
    return default


def flag(name: str, *, default: bool) -> bool:
    """A variable that is `true` or `false`; anything else ("yes", "1") is refused, not guessed."""
    value = text(name, str(default)).lower()
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value == "true"


def number(name: str, default: int, *, least: int = 1) -> int:
    """A whole number that is at least `least`."""
    value = text(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number of at least {least}, not {value!r}."
        )
    return int(value)


def numbers(name: str, default: str) -> list[int]:
    """Whole numbers from 1 to 999, separated by commas."""
    found = [one.strip() for one in text(name, default).split(",")]
    if not all(one.isdecimal() and len(one) <= 3 and int(one) for one in found):
        raise ImproperlyConfigured(
            f"{name} must be whole numbers from 1 to 999, separated by commas."
        )
    return [int(one) for one in found]


def secret(name: str) -> str:
    """A secret from the variable, or from the file that `<name>_FILE` names (Docker's way)."""
    if file := text(f"{name}_FILE", ""):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as e:
            raise ImproperlyConfigured(
                f"{name}_FILE names {file}, which cannot be read: {e.strerror}."
            ) from e
    return text(name)


def site_url(name: str, default: str) -> str:
    """An origin (scheme, host, port) without a path; https unless the host is this machine."""
    return origin(name, text(name, default).rstrip("/"))


def page_url(name: str, default: str) -> str:
    """The address of a page, which ends in a slash so that others lie below it; https as above."""
    value = text(name, default)
    start, slash, path = value.partition("://")
    host, separator, path = path.partition("/")
    if not separator or not value.endswith("/") or "?" in path or "#" in path:
        raise ImproperlyConfigured(
            f"{name} must look like https://demo.example.org/ and end in a slash, not {value!r}."
        )
    return f"{origin(name, f'{start}{slash}{host}')}/{path}"


def origin(name: str, value: str) -> str:
    """The origin, spelt as browsers spell it in the Host header, with which requests' are compared.

    `name` is the variable that an error is told about.
    """
    try:
        parts, port = urlsplit(value), urlsplit(value).port
    except ValueError:  # a port that is none, brackets that do not close
        parts, port = urlsplit(""), None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not parts.hostname.isascii():
        raise ImproperlyConfigured(
            f"{name} must look like https://portal.example.org, not {value!r}."
        )
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ImproperlyConfigured(f"{name} must be scheme, host and port only, not {value!r}.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ImproperlyConfigured(f"{name} must be https: {parts.hostname} is not this machine.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    suffix = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


LOOPBACK = {"localhost", "127.0.0.1", "::1"}
DEFAULT_PORTS = {"http": 80, "https": 443}

# --- Which site, where -------------------------------------------------------------------------

# What a process notes down: which others it started, when beat looked last, collected files.
VAR_DIR = Path(text("VAR_DIR", str(BASE_DIR / "var")))

SITE = text("SITE", "portal")
if SITE not in {"portal", "sandbox"}:
    raise ImproperlyConfigured(f"SITE must be portal or sandbox, not {SITE!r}.")
IS_SANDBOX = SITE == "sandbox"

PORTAL_URL = site_url("PORTAL_URL", "http://localhost:8000")
SANDBOX_URL = site_url("SANDBOX_URL", "http://127.0.0.1:8001")
SITE_URL = SANDBOX_URL if IS_SANDBOX else PORTAL_URL
# The demonstration third party, to which the utilities' pages of the sandbox lead.
DEMO_SITE_URL = page_url("DEMO_SITE_URL", f"{PORTAL_URL}/demo/")

DEMO = flag("DEMO", default=False)
DEBUG = flag("DEBUG", default=False)
if DEBUG and not DEMO:
    raise ImproperlyConfigured(
        "DEBUG shows settings and code to visitors: it needs DEMO=true as well."
    )
if DEMO and urlsplit(SITE_URL).hostname not in LOOPBACK:
    raise ImproperlyConfigured("DEMO=true is for this machine only, but the site's address is not.")

# The portal and the sandbox answer to one name each; portal.middleware redirects every other one.
ALLOWED_HOSTS = [split_domain_port(urlsplit(SITE_URL).netloc)[0]]

COMPANY_NAME = text("COMPANY_NAME", "Test Company")
SUPPORT_EMAIL = text("SUPPORT_EMAIL", "support@example.org")
# Both go into the headers of e-mails, where a line break would begin another one.
for header in (COMPANY_NAME, SUPPORT_EMAIL):
    if not header.isprintable():
        raise ImproperlyConfigured("COMPANY_NAME and SUPPORT_EMAIL must be one line each.")

# --- Secrets -----------------------------------------------------------------------------------

SECRET_KEY = secret("SECRET_KEY")
if len(SECRET_KEY) < 32 or len(set(SECRET_KEY)) < 8:
    raise ImproperlyConfigured("SECRET_KEY must be random and at least 32 characters long.")


def field_keys() -> list[str]:
    """Fernet keys for everything that is encrypted at rest, newest first; older ones only read."""
    keys = [key.strip() for key in secret("FIELD_KEYS").split(",") if key.strip()]
    for key in keys:
        try:
            Fernet(key)
        except ValueError as e:
            raise ImproperlyConfigured(
                "Each of FIELD_KEYS must be 32 random bytes in url-safe base64."
            ) from e
        if len(set(key)) < 8:
            raise ImproperlyConfigured("FIELD_KEYS holds a key that is not random.")
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS must hold at least one key.")
    return keys


# The sandbox is another company: it gets no key of the portal's.
FIELD_KEYS = [] if IS_SANDBOX else field_keys()

# --- Databases ---------------------------------------------------------------------------------


def sandbox_database_url() -> str:
    """The sandbox's own database: given, or the portal's server with `_sandbox` behind the name."""
    if own := text("SANDBOX_DATABASE_URL", ""):
        return own
    parts = urlsplit(text("DATABASE_URL"))
    return urlunsplit(parts._replace(path=f"{parts.path}_sandbox"))


def sandbox_redis_url() -> str:
    """The sandbox's own Redis database: given, or the portal's server with the next number."""
    if own := text("SANDBOX_REDIS_URL", ""):
        return own
    parts = urlsplit(text("REDIS_URL"))
    number_of_portal = parts.path.strip("/") or "0"
    if not number_of_portal.isdecimal():
        raise ImproperlyConfigured(
            "SANDBOX_REDIS_URL is not set, and REDIS_URL does not end in a number to count on from."
        )
    return urlunsplit(parts._replace(path=f"/{int(number_of_portal) + 1}"))


# manage.py sets both variables to the embedded servers when they are not given. Any other process
# (gunicorn, celery) is started by something that knows where its servers are.
DATABASE_URL = sandbox_database_url() if IS_SANDBOX else text("DATABASE_URL")
REDIS_URL = sandbox_redis_url() if IS_SANDBOX else text("REDIS_URL")
REDIS_PREFIX = text("REDIS_PREFIX", "")

if urlsplit(DATABASE_URL).scheme not in {"postgres", "postgresql"}:
    raise ImproperlyConfigured("DATABASE_URL must be a postgres:// address; nothing else will do.")
DATABASES = {
    "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
}
if test_database := text("TEST_DATABASE_NAME", ""):
    DATABASES["default"]["TEST"] = {"NAME": test_database}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}{SITE}",
        # Who waits for a page is told soon that a server is not there.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-ca"
# What a share link, and the pages that lead to a consent, can speak; all others speak English.
LANGUAGES = [("en-ca", "English"), ("en", "English"), ("fr", "Français"), ("es", "Español")]
LOCALE_PATHS = [] if IS_SANDBOX else [BASE_DIR / "locale"]

# --- Applications ------------------------------------------------------------------------------

if IS_SANDBOX:
    INSTALLED_APPS = [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "utilities.sandbox",
    ]
    ROOT_URLCONF = "utilities.sandbox.urls"
else:
    INSTALLED_APPS = [
        "portal",
        "portal.demo_site",
        "greenbutton",
        "authorizations",
        "utilities",
        "unfold",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "django.contrib.humanize",
        "django_htmx",
        "allauth",
        "allauth.account",
        "allauth.mfa",
    ]
    ROOT_URLCONF = "portal.urls"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.CanonicalHost",
    "portal.middleware.ReadableCookies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware" if IS_SANDBOX else "portal.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
after_csrf = MIDDLEWARE.index("django.middleware.csrf.CsrfViewMiddleware") + 1
MIDDLEWARE.insert(after_csrf, "django.contrib.auth.middleware.AuthenticationMiddleware")
if not IS_SANDBOX:
    MIDDLEWARE[after_csrf + 1 : after_csrf + 1] = [
        "allauth.account.middleware.AccountMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
        "authorizations.access.RememberBrowser",
        "authorizations.access.AskToSignIn",
        "portal.without_redis.PoliteWithoutRedis",
        "portal.accounts.StaffPages",
    ]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The sandbox's templates lie inside its own folder, where APP_DIRS finds them.
        "DIRS": [] if IS_SANDBOX else [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "django.contrib.auth.context_processors.auth",
                *([] if IS_SANDBOX else ["portal.context.company"]),
            ]
        },
    }
]

WSGI_APPLICATION = "portal.wsgi.application"

# --- Static files ------------------------------------------------------------------------------


def bokeh_scripts() -> Path:
    """Where the installed bokeh package keeps BokehJS, found without importing the package."""
    spec = importlib.util.find_spec("bokeh")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "server" / "static" / "js"


STATIC_URL = "static/"
STATIC_ROOT = text("STATIC_ROOT", str(VAR_DIR / f"static-{SITE}"))
STATICFILES_DIRS: list[Any] = (
    [] if IS_SANDBOX else [BASE_DIR / "static", ("bokeh", str(bokeh_scripts()))]
)
STATICFILES_FINDERS = [
    "portal.static_files.Finder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# Without `collectstatic` (demo and tests) WhiteNoise serves what the finders find.
COLLECTED_STATIC = flag("COLLECTED_STATIC", default=False)
WHITENOISE_USE_FINDERS = not COLLECTED_STATIC
WHITENOISE_AUTOREFRESH = not COLLECTED_STATIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Sessions, cookies, headers ----------------------------------------------------------------

HTTPS = SITE_URL.startswith("https://")

# A name that browsers take from this very host only, over https: a cookie that a neighbour on
# another host of the same domain puts in its place is refused.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}{SITE}_session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}{SITE}_csrf"
# Strict would lose the session on the way back from the utility (the callback is cross-site).
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# To our own name; Django would take the one that the request was sent with.
SECURE_SSL_HOST = urlsplit(SITE_URL).netloc
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
# Whether a proxy of ours stands in front, whose X-Forwarded-* headers can be believed.
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # allauth counts failed sign-ins by address: the one that our proxy added last.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
X_FRAME_OPTIONS = "DENY"
# Not "no-referrer": browsers then send `Origin: null` with every form, which Django's CSRF check
# must refuse. "same-origin" tells other sites as little: nothing at all.
SECURE_REFERRER_POLICY = "same-origin"

POLICY: dict[str, list[Any]] = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": POLICY}
# BokehJS makes <style> elements, which no nonce reaches: greenbutton.views.usage adds this for the
# page that has charts.
CHART_CONTENT_SECURITY_POLICY = {"style-src": [UNSAFE_INLINE]}
# Unfold's Alpine evaluates expressions and sets styles; only the staff pages may.
STAFF_CONTENT_SECURITY_POLICY = {
    **POLICY,
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

# --- Sign in -----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    *([] if IS_SANDBOX else ["allauth.account.auth_backends.AuthenticationBackend"]),
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "portal.accounts.TwoDoors"
ACCOUNT_FORMS = {"reset_password": "portal.accounts.StaffResetPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Nobody can make us write to a stranger: an address without an account gets no e-mail.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# A code that customers sign in with: digits, for a phone's keypad. With the tries of each code and
# the limits below, a month of guessing at one account has a chance of 1 in 5,000.
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# How many codes one e-mail address may be sent, and one network address may ask for, in an hour.
CODES_AN_HOUR_PER_EMAIL = number("CODES_AN_HOUR_PER_EMAIL", 5)
CODES_AN_HOUR_PER_ADDRESS = number("CODES_AN_HOUR_PER_ADDRESS", 30)
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("home")

# --- E-mail ------------------------------------------------------------------------------------

# Where a demo's sandbox keeps what it sends, for the rehearsal to read. A passcode in a file opens
# what it opens for whoever reads the file, so it is refused where real customers could come.
OUTBOX_DIR = text("OUTBOX_DIR", "")
if OUTBOX_DIR and not (DEMO and IS_SANDBOX):
    raise ImproperlyConfigured("OUTBOX_DIR keeps passcodes: it is for the sandbox of a demo only.")


def email_backend() -> str:
    """E-mails are printed in a demo, and by a sandbox that was given no mail server."""
    if OUTBOX_DIR:
        return "utilities.sandbox.authenticating.outbox.EmailBackend"
    if DEMO or (IS_SANDBOX and not text("EMAIL_HOST", "")):
        return "django.core.mail.backends.console.EmailBackend"
    return "django.core.mail.backends.smtp.EmailBackend"


EMAIL_BACKEND = email_backend()
EMAIL_HOST = text("EMAIL_HOST", "localhost")
EMAIL_PORT = number("EMAIL_PORT", 25)
EMAIL_HOST_USER = text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = secret("EMAIL_HOST_PASSWORD") if EMAIL_HOST_USER else ""
EMAIL_USE_TLS = flag("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
# The sandbox is another company; without a sender of its own, each utility makes one up.
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "" if IS_SANDBOX else SUPPORT_EMAIL)

# --- The sandbox's passcodes -------------------------------------------------------------------

# The function that sends a text message, by its dotted path; it takes a number and a text.
SMS_BACKEND = text(
    "SMS_BACKEND",
    "utilities.sandbox.authenticating.outbox.send_text_message"
    if OUTBOX_DIR
    else "utilities.sandbox.authenticating.text_messages.write_to_log",
)
# How many passcodes one browser, and one network address, may have sent in an hour.
PASSCODES_AN_HOUR_PER_BROWSER = number("PASSCODES_AN_HOUR_PER_BROWSER", 10)
PASSCODES_AN_HOUR_PER_ADDRESS = number("PASSCODES_AN_HOUR_PER_ADDRESS", 30)
# How often one network address may look up a customer in an hour; test identifiers do not count.
LOOKUPS_AN_HOUR_PER_ADDRESS = number("LOOKUPS_AN_HOUR_PER_ADDRESS", 60)

# --- The demo site -----------------------------------------------------------------------------

# Whether /demo/ is there: a third party to look into, to be set up with any client of a utility.
# Also as 1 and 0, as it is often written.
DEMO_SITE = text("DEMO_SITE", "") == "1" or (
    text("DEMO_SITE", "") != "0" and flag("DEMO_SITE", default=DEMO)
)

# --- Connecting --------------------------------------------------------------------------------

# How often one browser, and one network address, may set out for a utility.
CONNECTS_AN_HOUR_PER_BROWSER = number("CONNECTS_AN_HOUR_PER_BROWSER", 10)
CONNECTS_AN_HOUR_PER_ADDRESS = number("CONNECTS_AN_HOUR_PER_ADDRESS", 60)

# How many times a day one link, and links by one of the staff, may be sent by e-mail.
LINK_EMAILS_A_DAY_PER_LINK = number("LINK_EMAILS_A_DAY_PER_LINK", 3)
LINK_EMAILS_A_DAY_PER_STAFF = number("LINK_EMAILS_A_DAY_PER_STAFF", 200)
# --- Ending ------------------------------------------------------------------------------------

# How many days before sharing ends by itself its customer, and whoever reads events, is told.
EXPIRING_SOON_DAYS = numbers("EXPIRING_SOON_DAYS", "1")

# --- Registering with a utility of the sandbox -------------------------------------------------

# How many companies one network address may register in an hour.
REGISTRATIONS_AN_HOUR_PER_ADDRESS = number("REGISTRATIONS_AN_HOUR_PER_ADDRESS", 20)

# --- Collecting --------------------------------------------------------------------------------

# The largest feed that is read, in bytes after decompression.
FEED_MAX_BYTES = number("FEED_MAX_BYTES", 512 * 1024 * 1024)
# The largest entry in it, in bytes. One at a time is held in memory, as several times that.
FEED_ENTRY_MAX_BYTES = number("FEED_ENTRY_MAX_BYTES", 64 * 1024 * 1024)
# The elements, their ends and attributes in one entry: of so many, it takes some 700 MB in memory.
# Readings that are written alike count as one.
FEED_ENTRY_MAX_ELEMENTS = number("FEED_ENTRY_MAX_ELEMENTS", 2_500_000)
# The resources in a feed. Some hundred bytes of each are held until the links are known.
FEED_MAX_RESOURCES = number("FEED_MAX_RESOURCES", 1_000_000)
# The usage points in a feed. Each is stored in a transaction of its own.
FEED_MAX_USAGE_POINTS = number("FEED_MAX_USAGE_POINTS", 10_000)
# One overall deadline for one feed, in seconds.
FEED_DEADLINE_SECONDS = number("FEED_DEADLINE_SECONDS", 300)
# How many days a feed is kept as it came, to be replayed. Of one authorization the oldest go first:
# what is left can be read again in its order.
RAW_FEEDS_KEPT_FOR_DAYS = number("RAW_FEEDS_KEPT_FOR_DAYS", 365)
# A file of certificates (PEM) of authorities that a connection to a utility is trusted by, besides
# the public ones: for a test laboratory that signs its own. What it signs is believed like anybody.
EXTRA_CA_FILE = text("EXTRA_CA_FILE", "")
if EXTRA_CA_FILE and not Path(EXTRA_CA_FILE).is_file():
    raise ImproperlyConfigured(f"EXTRA_CA_FILE: there is no file {EXTRA_CA_FILE}.")
# How often beat looks for due authorizations, in seconds.
DISPATCH_SECONDS = number("DISPATCH_SECONDS", 3)
# How many collections of a kind (for customers who wait, and daily ones) stand in the queue at
# most. The rest stays due: a longer queue would outlast the claims, and the turns of the clients.
PULLS_QUEUED = number("PULLS_QUEUED", 50)

# --- Notifications -----------------------------------------------------------------------------

# How many notifications one network address may post for one utility in a minute. A utility may
# send one for each customer, all at once.
NOTIFICATIONS_A_MINUTE_PER_ADDRESS = number("NOTIFICATIONS_A_MINUTE_PER_ADDRESS", 600)
# How many of one utility may wait to be read; more are refused until some were.
NOTIFICATIONS_WAITING = number("NOTIFICATIONS_WAITING", 1_000)

# --- Uploads -----------------------------------------------------------------------------------

# The largest file that a customer may upload, in bytes as it is sent.
UPLOAD_MAX_BYTES = number("UPLOAD_MAX_BYTES", 256 * 1024 * 1024)
# How many files one browser, and one network address, may upload in an hour.
UPLOADS_AN_HOUR_PER_BROWSER = number("UPLOADS_AN_HOUR_PER_BROWSER", 20)
UPLOADS_AN_HOUR_PER_ADDRESS = number("UPLOADS_AN_HOUR_PER_ADDRESS", 60)
# No form here takes more than one.
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# --- Logging -----------------------------------------------------------------------------------

LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured(
        f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {LOG_LEVEL!r}."
    )
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "portal.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # httpx logs every address it asks, query and all, at INFO.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # Celery says at INFO that it looked for due work, every few seconds.
        "celery": {"level": "WARNING"},
    },
}

# --- Staff pages -------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": COMPANY_NAME,
    "SITE_HEADER": COMPANY_NAME,
    "SITE_SUBHEADER": f"Green Button portal {VERSION}",
    "SITE_URL": "/",
    "SITE_ICON": "portal.views.staff.logo",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "portal.views.staff.logo"}],
    "STYLES": ["portal.views.staff.stylesheet"],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "portal.views.staff.dashboard",
    "ENVIRONMENT": "portal.views.staff.environment",
    "SIDEBAR": {"navigation": "portal.views.staff.navigation"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("account_change_password")},
            {"title": "Second factor", "link": reverse_lazy("mfa_index")},
        ]
    },
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166.113)",
            "100": "oklch(95% .052 163.051)",
            "200": "oklch(90.5% .093 164.15)",
            "300": "oklch(84.5% .143 164.978)",
            "400": "oklch(76.5% .177 163.223)",
            "500": "oklch(69.6% .17 162.48)",
            "600": "oklch(50.8% .118 165.612)",
            "700": "oklch(45% .1 165.9)",
            "800": "oklch(40% .09 166)",
            "900": "oklch(35% .07 168)",
            "950": "oklch(26.2% .051 172.552)",
        },
    },
}
