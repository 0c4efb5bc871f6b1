"""Connections, and the file by which receivers know them without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings

from yingheng.common.durable import write_durably
from yingheng.ingest.models import LocalAE, RemoteAE

RECEIVER_CONFIG = "receiver.json"
FORMAT = 1


def receiver_config_write() -> Path:
    """Write `receiver.json` below the data folder, atomically; receivers read it again when it changes.

        {"format": 1,
         "local":  [{"ae": "YINGHENG", "hospital": "<uuid>", "open": false}],
         "remote": [{"ae": "CT1", "hospital": "<uuid>", "addresses": ["10.0.0.0/8"]}]}

    `remote` lists those that may send; no addresses: from anywhere.  Called by every service that changes a
    connection, after its transaction.
    """
    config: dict[str, Any] = {
        "format": FORMAT,
        "local": [
            {"ae": row.ae_title, "hospital": str(row.hospital_id), "open": row.is_open}
            for row in LocalAE.objects.order_by("ae_title")
        ],
        "remote": [
            {"ae": row.ae_title, "hospital": str(row.hospital_id), "addresses": row.addresses}
            for row in RemoteAE.objects.filter(may_send=True, is_active=True).order_by("ae_title", "id")
        ],
    }
    path = Path(settings.YINGHENG_HOME) / RECEIVER_CONFIG
    write_durably(path, json.dumps(config, ensure_ascii=False, indent=1).encode())
    return path
