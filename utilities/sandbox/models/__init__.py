"""What the utilities of the sandbox know: customers, companies, consents, tokens.

A token or a code is stored as its SHA-256 only. What must be shown again (a client's secret) or
displayed for tests (a passcode) is derived from the installation's key and not stored at all.
"""

from utilities.sandbox.models.accounts import Service, UtilityAccount
from utilities.sandbox.models.clock import Clock
from utilities.sandbox.models.consents import CONSENT_LIFETIME, ConsentRequest, Grant
from utilities.sandbox.models.faults import Fault
from utilities.sandbox.models.naming import RESOURCES, derive, digest, new_uid
from utilities.sandbox.models.notices import Delivery, Notice
from utilities.sandbox.models.passcodes import (
    COUNTED_FOR,
    LOCK_TIME,
    PASSCODE_LIFETIME,
    TRIES,
    OneTimeCode,
    WrongTries,
)
from utilities.sandbox.models.registrations import LONGEST_ADDRESS, Registration
from utilities.sandbox.models.reviews import ReviewStep
from utilities.sandbox.models.sign_on import SIGN_ON_CODE_LIFETIME, SignOn
from utilities.sandbox.models.staff import StaffMember
from utilities.sandbox.models.tokens import (
    CODE_LIFETIME,
    TOKEN_LIFETIME,
    AuthorizationCode,
    Token,
)

__all__ = [
    "CODE_LIFETIME",
    "CONSENT_LIFETIME",
    "COUNTED_FOR",
    "LOCK_TIME",
    "LONGEST_ADDRESS",
    "PASSCODE_LIFETIME",
    "RESOURCES",
    "SIGN_ON_CODE_LIFETIME",
    "TOKEN_LIFETIME",
    "TRIES",
    "AuthorizationCode",
    "Clock",
    "ConsentRequest",
    "Delivery",
    "Fault",
    "Grant",
    "Notice",
    "OneTimeCode",
    "Registration",
    "ReviewStep",
    "Service",
    "SignOn",
    "StaffMember",
    "Token",
    "UtilityAccount",
    "WrongTries",
    "derive",
    "digest",
    "new_uid",
]
