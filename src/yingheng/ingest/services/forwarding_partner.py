"""How a partner is called."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from yingheng.ingest.forwarding.scu import Peer, Timeouts
from yingheng.ingest.models import RemoteAE
from yingheng.ingest.selectors.peers import calling_title


def peer_of(row: RemoteAE, timeouts: Timeouts | None = None) -> Peer:
    """How to call a remote AE, under our first title of its hospital."""
    authorities = Path(settings.YINGHENG_HOME) / "tls" / "dicom-authorities.pem"
    return Peer(
        called=row.ae_title,
        host=row.host,
        port=row.port or 0,
        calling=calling_title(row.hospital),
        tls=row.tls == RemoteAE.Tls.TLS,
        authorities=authorities if authorities.is_file() else None,
        timeouts=timeouts or Timeouts(),
    )
