"""The refusals that only single sign-on gives. None of them repeats what the provider said."""

from app.core.errors import Forbidden, InvalidToken, Unavailable

UNKNOWN = "You are signed in there, but you have no account here. Ask an admin for one."
NO_ADDRESS = (
    "You are signed in there, but it does not vouch for your email address, so we cannot tell who you are here."
)
OTHER_PERSON = "The account with your email address belongs to another sign-in there. Ask an admin."
DECLINED = "You were not signed in there, so you are not signed in here."


class JourneyOver(InvalidToken):
    """The way to the provider and back was not begun by this browser, took too long, or was gone already."""

    status = 400
    words = "This sign-in was begun elsewhere, took too long, or was used already. Begin again."


class ProviderAway(Unavailable):
    """The provider does not answer, or not in time. `fault` is for the log."""

    words = "The sign-in service does not answer. Nothing was changed. Try again shortly, or sign in another way."

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__()


class ProviderUntrusted(ProviderAway):
    """What the provider answered does not hold. `fault` says for the log what was wrong with it."""

    words = "What the sign-in service answered does not hold, so nobody was signed in. Tell an admin if it stays so."


class NotLetIn(Forbidden):
    """The provider knows the person, and we do not let them in. `reason` is for the trail."""

    def __init__(self, detail: str, reason: str) -> None:
        self.reason = reason
        super().__init__(detail)
