"""Reading one's messages. Only ever one's own: the recipient is the scope."""

from dataclasses import dataclass
from uuid import UUID

from yingheng.common.errors import NotFound
from yingheng.notify.messages import message_text
from yingheng.notify.models import Delivery
from yingheng.tenancy.models import User


@dataclass(frozen=True)
class Told:
    """A message as shown: its sentence in the current language."""

    delivery: Delivery
    text: str


def unread_count(user: User) -> int:
    """How many messages `user` has not read."""
    return Delivery.objects.filter(recipient=user, read_at__isnull=True).count()


def delivery_list(user: User, *, unread_only: bool = False, before: UUID | None = None, limit: int = 50) -> list[Told]:
    """Newest first; `before` is the id of the last one already shown."""
    rows = Delivery.objects.filter(recipient=user).select_related("message")
    if unread_only:
        rows = rows.filter(read_at__isnull=True)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [Told(row, message_text(row.message.kind, row.message.params)) for row in rows.order_by("-id")[:limit]]


def delivery_get(user: User, delivery_id: UUID | str) -> Delivery:
    """One's own message; NotFound for anybody else's."""
    found = Delivery.objects.filter(recipient=user, pk=delivery_id).select_related("message").first()
    if found is None:
        raise NotFound("notify.not_found")
    return found
