"""The hash that chains entries: sha-256 over canonical JSON of every field and of the hash before."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from yingheng.audit.models import Entry


def canonical(value: Any) -> str:
    """One text per value: keys sorted, no blanks, Unicode as it is. NaN and infinity are refused (ValueError)."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)


def entry_digest(entry: Entry) -> str:
    """Hexadecimal sha-256 of `entry` (its own digest left out)."""
    fields = {
        "chain": entry.chain,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "action": entry.action,
        "subject": entry.subject,
        "scope": entry.scope,
        "before": entry.before_text,
        "after": entry.after_text,
        "reason": entry.reason,
        "previous": entry.previous,
    }
    return hashlib.sha256(canonical(fields).encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in the log")
