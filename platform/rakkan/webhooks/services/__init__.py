"""What this app does: endpoints, messages, deliveries."""

from rakkan.webhooks.services.deliver import messages_deliver
from rakkan.webhooks.services.endpoint import endpoint_add, endpoint_end
from rakkan.webhooks.services.queue import message_queue
from rakkan.webhooks.services.resend import message_resend

__all__ = [
    "endpoint_add",
    "endpoint_end",
    "message_queue",
    "message_resend",
    "messages_deliver",
]
