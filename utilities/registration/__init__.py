"""Our registration at a utility: read there, followed, and kept true on both sides.

The utility's ApplicationInformation, which the registration token opens, is the word of another
company. Status follows it; everything else is shown to staff, who take it over or tell the utility.
"""

from utilities.registration.changes import back_to_sandbox, go_live, take_over, tell
from utilities.registration.credentials import keep_registration_token, keep_secret
from utilities.registration.document import RegistrationError
from utilities.registration.looking import claim_due, differences_of, look, look_at_due, look_soon
from utilities.registration.standing import Difference, Remedy, Standing

__all__ = [
    "Difference",
    "RegistrationError",
    "Remedy",
    "Standing",
    "back_to_sandbox",
    "claim_due",
    "differences_of",
    "go_live",
    "keep_registration_token",
    "keep_secret",
    "look",
    "look_at_due",
    "look_soon",
    "take_over",
    "tell",
]
