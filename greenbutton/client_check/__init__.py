"""“Test this client”: a test customer goes the whole way, from consent to purge, and each step is
told. It is done by a worker, over real HTTP, with the functions that serve real customers."""

from greenbutton.client_check.running import ask, claim, run, why_not
from greenbutton.client_check.steps import STEPS, Step

__all__ = ["STEPS", "Step", "ask", "claim", "run", "why_not"]
