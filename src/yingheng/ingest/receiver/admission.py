"""Who may send, and to which hospital: `receiver.json`, read again whenever it changes."""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from yingheng.ingest.receiver.reasons import Refused

CONFIG = "receiver.json"
FORMAT = 1
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Local:
    """A title that we answer under."""

    hospital_id: UUID
    is_open: bool


@dataclass(frozen=True, slots=True)
class Remote:
    """A sender: no networks means from anywhere."""

    hospital_id: UUID
    networks: tuple[Network, ...] | None

    def calls_from(self, address: str) -> bool:
        if self.networks is None:
            return True
        found = ipaddress.ip_address(address)
        return any(found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Directory:
    """One reading of the file."""

    local: dict[str, Local]
    remote: dict[str, tuple[Remote, ...]]

    def hospital_of(self, called: str) -> UUID | None:
        """Whom the called title belongs to."""
        known = self.local.get(called)
        return None if known is None else known.hospital_id

    def admit(self, called: str, calling: str, address: str) -> UUID:
        """The hospital that the association belongs to.  Refused with the reason otherwise."""
        local = self.local.get(called)
        if local is None:
            raise Refused("called_ae_unknown")
        if local.is_open:
            return local.hospital_id
        senders = [one for one in self.remote.get(calling, ()) if one.hospital_id == local.hospital_id]
        if not senders:
            raise Refused("calling_ae_unknown")
        if not any(one.calls_from(address) for one in senders):
            raise Refused("address_not_allowed")
        return local.hospital_id


class Gate:
    """The directory as it is now.  A file that cannot be read leaves the last good reading in force."""

    def __init__(self, home: Path) -> None:
        self._path = home / CONFIG
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._directory: Directory | None = None

    def directory(self) -> Directory:
        """Refused("not_configured") as long as there was no readable file."""
        with self._lock:
            self._refresh()
            if self._directory is None:
                raise Refused("not_configured")
            return self._directory

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
            version = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if version == self._seen:
                return
            self._directory = read(json.loads(self._path.read_bytes()))
            self._seen = version
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            logger.exception("%s cannot be read; what was read before stays in force", self._path)


def read(config: dict[str, Any]) -> Directory:
    """The contents of `receiver.json`.  ValueError, KeyError, TypeError or AttributeError when they make no sense."""
    if config["format"] != FORMAT:
        raise ValueError(f"format {config['format']} of {CONFIG} is not known")
    local = {row["ae"]: Local(UUID(row["hospital"]), bool(row["open"])) for row in config["local"]}
    remote: dict[str, list[Remote]] = {}
    for row in config["remote"]:
        remote.setdefault(row["ae"], []).append(Remote(UUID(row["hospital"]), networks(row["addresses"])))
    return Directory(local, {title: tuple(rows) for title, rows in remote.items()})


def networks(addresses: list[str]) -> tuple[Network, ...] | None:
    """Addresses and networks (10.0.0.0/8); None for an empty list.  What is neither admits nobody."""
    if not addresses:
        return None
    found: list[Network] = []
    for text in addresses:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            logger.warning("not an address or network in %s: %r", CONFIG, text)
    return tuple(found)
