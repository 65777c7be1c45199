"""The refusals that only webhooks give."""

from app.core.errors import NotFound


class NoSuchWebhook(NotFound):
    """No webhook has this id, or it was deleted."""

    words = "There is no such webhook, or it was deleted."


class NoSuchDelivery(NotFound):
    """No delivery of this webhook has this id, or it is too long ago."""

    words = "There is no such delivery, or it is too long ago."
