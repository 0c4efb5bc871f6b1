"""The server on a free port with one study in it, for `test_dicomweb`: one process, no workers.

Prints one line of JSON when it answers: the port, a token for each account, and the paths of what was imported.
"""

import json
import sys
from pathlib import Path

import django
import uvicorn

django.setup()

from tests.apps.api.conftest import write_study  # noqa: E402
from tests.network.installation import free_port  # noqa: E402

from yingheng.audit.actor import Actor  # noqa: E402
from yingheng.ingest.services import folder_import  # noqa: E402
from yingheng.tenancy.models import Organisation  # noqa: E402
from yingheng.tenancy.services import user_create  # noqa: E402
from yingheng.tenancy.tokens import token_make  # noqa: E402

ROLES = ("head", "expert", "sender")


def main(folder: Path) -> None:
    hospital = Organisation.objects.get(code="h1")
    sent = write_study(folder)
    folder_import(hospital=hospital, paths=[folder], actor=Actor("system:test", "test"))
    tokens = {role: token(hospital, role) for role in ROLES}
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config("yingheng.config.asgi:application", port=port, log_level="warning", lifespan="off")
    )
    told = {"port": port, "tokens": tokens, "paths": [str(path) for path in sent.paths]}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    server.run()


def token(hospital, role: str) -> str:
    user = user_create(
        actor=None, username=role, display_name=role, organisation=hospital, role=role, machine=True
    ).user
    return token_make(actor=user, user=user, name="x", days=1).secret


if __name__ == "__main__":
    main(Path(sys.argv[1]))
