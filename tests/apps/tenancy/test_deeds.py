"""Everything that the audit trail and the job queue name has words."""

import ast
import re
from pathlib import Path

import pytest

import yingheng
from yingheng.common import events
from yingheng.evidence.models import Decision
from yingheng.jobs.texts import KINDS
from yingheng.registry.models import ItemMapping
from yingheng.registry.services.using import TRANSITIONS
from yingheng.tenancy.deeds import ACTIONS, deed

SOURCE = Path(yingheng.__file__).parent
WRITERS = {"record", "_record", "_record_user", "_audit", "_changed"}
CODE = re.compile(r"[a-z_]+\.[a-z_]+")


def writers():
    """(module, call) of everything that writes into the trail."""
    for path in sorted(SOURCE.rglob("services/*.py")) + sorted(SOURCE.glob("*/services.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in WRITERS:
                yield path, node


def arguments(call):
    return [*call.args, *(k.value for k in call.keywords if k.arg == "action")]


def constants():
    return {a.value for _path, call in writers() for a in arguments(call)
            if isinstance(a, ast.Constant) and isinstance(a.value, str) and CODE.fullmatch(a.value)}  # fmt: skip


def beginnings():
    """Module -> "rules." of an action written as f"rules.{verb}"."""
    return {path: a.values[0].value for path, call in writers() for a in arguments(call)
            if isinstance(a, ast.JoinedStr) and isinstance(a.values[0], ast.Constant)
            and re.fullmatch(r"[a-z_]+\.", a.values[0].value)}  # fmt: skip


def verbs():
    """Actions made of a module's beginning and the verbs that it hands on."""
    for path, beginning in beginnings().items():
        for where, call in writers():
            if where == path and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                yield beginning + call.args[1].value


def test_every_action_that_the_code_writes_has_words():
    written = constants() | set(verbs())
    assert len(written) > 20
    assert written - ACTIONS.keys() == set()


def test_every_verb_of_a_closed_list_has_words():
    named = {f"verdict.{verb}" for verb in Decision.Verb.values}
    named |= {f"finding.{verb}" for verb in ("confirm", "overrule", "withdraw")}
    named |= {f"device.{event}" for _state, event in TRANSITIONS}
    named |= {f"item_mapping.{verb}" for verb in ItemMapping.Verb.values}
    assert named - ACTIONS.keys() == set()
    assert {b.rstrip(".") for b in beginnings().values()} <= {a.partition(".")[0] for a in ACTIONS}


def test_an_action_of_another_version_keeps_its_code():
    assert deed("thing.done") == "thing.done"
    assert deed("verdict.confirm") != "verdict.confirm"


def test_every_kind_of_job_has_words():
    kinds = {value for name, value in vars(events).items() if name.isupper()}
    assert kinds == set(KINDS)


@pytest.mark.django_db
def test_the_trail_shows_words_and_codes(signed_in, hospital):
    page = signed_in("audit_admin", "auditor").get("/audit/").content.decode()
    assert "organisation.create" in page
    assert str(ACTIONS["user.create"]) in page
