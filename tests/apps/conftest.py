"""A small world for the tests of the platform: one region, two hospitals, a person for every role."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase
from tests.apps.place import Place, new_database

from yingheng.audit import triggers as audit_triggers
from yingheng.audit.actor import Actor
from yingheng.common.ui import assets
from yingheng.documents import triggers as documents_triggers
from yingheng.evidence import triggers as evidence_triggers
from yingheng.governance import triggers as governance_triggers
from yingheng.phantomqc import triggers as phantomqc_triggers
from yingheng.registry import triggers as registry_triggers
from yingheng.rejects import triggers as rejects_triggers
from yingheng.review import triggers as review_triggers
from yingheng.rulebook import triggers as rulebook_triggers
from yingheng.sheets import triggers as sheets_triggers
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.services import organisation_create, user_create

INSERT_ONLY = (
    audit_triggers,
    evidence_triggers,
    registry_triggers,
    phantomqc_triggers,
    review_triggers,
    governance_triggers,
    rejects_triggers,
    rulebook_triggers,
    sheets_triggers,
    documents_triggers,
)
NO_ROUTES: dict[str, Any] = {}
PASSWORD = "Radiograph-2026"  # satisfies the rules; used in tests alone


@pytest.fixture(scope="session", autouse=True)
def _log_may_be_emptied() -> Iterator[None]:
    """Transactional tests empty every table afterwards, which the triggers of append-only tables rightly refuse.

    Of the session: what a single test patched is put back before its tables are emptied.
    """
    flush = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            present = "audit_entry" in connection.introspection.table_names(cursor)
        if not present or connection.in_atomic_block:
            flush(self)
            return
        for triggers in INSERT_ONLY:
            triggers.remove(connection)
        try:
            flush(self)
        finally:
            for triggers in INSERT_ONLY:
                triggers.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(autouse=True)
def _every_fact_leaves_a_job(settings: Any) -> None:
    """An app is tested by the facts it states, whether or not anything follows them today: no kind is listed here."""
    settings.YINGHENG_JOB_ROUTES = "tests.apps.conftest.NO_ROUTES"


@pytest.fixture(autouse=True)
def _hash_passwords_fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _interface_need_not_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages name the built style sheet and script; where they are not built, any names do."""
    if not (assets.DIST / "manifest.json").is_file():
        built = {source: {"file": f"assets/{name}.js"} for name, source in assets.ENTRIES.items()}
        monkeypatch.setattr(assets, "manifest", lambda *, fresh=False: built)


@pytest.fixture
def region(db: None) -> Organisation:
    return organisation_create(actor=None, code="cn-14", name="山西省", name_en="Shanxi", kind="region")


@pytest.fixture
def hospital(region: Organisation) -> Organisation:
    return organisation_create(
        actor=None, code="h1", name="第一医院", name_en="First Hospital", kind="hospital", parent=region, level="三级"
    )


@pytest.fixture
def other_hospital(region: Organisation) -> Organisation:
    return organisation_create(
        actor=None, code="h2", name="第二医院", name_en="Second Hospital", kind="hospital", parent=region, level="二级"
    )


@pytest.fixture
def actor() -> Actor:
    return Actor(id="00000000-0000-7000-8000-000000000001", name="张三")


@pytest.fixture
def person(hospital: Organisation) -> Callable[..., User]:
    """`person("head")` makes a head of department of the first hospital; `at=` puts them elsewhere."""

    def make(role: str, username: str = "", at: Organisation | None = None) -> User:
        return user_create(
            actor=None,
            username=username or role,
            display_name=f"某{role}",
            organisation=at or hospital,
            role=role,
            password=PASSWORD,
        ).user

    return make


@pytest.fixture
def signed_in(person: Callable[..., User]) -> Iterator[Callable[..., Client]]:
    """`signed_in("head")` is a browser in which a head of department has signed in."""

    def make(role: str, username: str = "", at: Organisation | None = None) -> Client:
        client = Client()
        client.force_login(person(role, username, at), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path, new_database(tmp_path))
    yield found
    for process in found.started:
        with process:  # closes its pipes and waits for it
            process.kill()
