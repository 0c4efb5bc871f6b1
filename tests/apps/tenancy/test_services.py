from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from tests.apps.conftest import PASSWORD

from yingheng.audit.models import Entry
from yingheng.audit.verify import verify_all
from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid, NotAllowed, NotFound
from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.permissions import ALL, known
from yingheng.tenancy.roles import ADMINISTRATORS, ROLES, roles_with
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import (
    UserFilter,
    hospital_list,
    memberships_today,
    organisation_get,
    organisation_hospital,
    role_holders,
    root_path,
    user_administered,
    user_get,
    user_list,
)
from yingheng.tenancy.services import (
    first_admin_create,
    membership_grant,
    membership_revoke,
    organisation_create,
    password_change,
    password_reset,
    user_activate,
    user_create,
    user_deactivate,
)

pytestmark = pytest.mark.django_db


def actions():
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def test_it_builds_the_tree(region, hospital, actor):
    assert (region.path, hospital.path) == ("/cn-14/", "/cn-14/h1/")
    department = organisation_create(actor=actor, code="h1-ct", name="CT室", kind="department", parent=hospital)
    assert department.path == "/cn-14/h1/h1-ct/"
    assert organisation_hospital(department) == hospital
    assert hospital_list(Scope((region.path,))) == [hospital]
    assert root_path() == region.path
    entry = Entry.objects.order_by("id").last()
    assert (entry.action, entry.scope, entry.actor_name) == ("organisation.create", department.path, "张三")
    with pytest.raises(NotFound):
        organisation_hospital(region)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "H 1"}, "tenancy.code_malformed"),
        ({"code": "a/b"}, "tenancy.code_malformed"),
        ({"code": ""}, "tenancy.code_malformed"),
        ({"name": " "}, "tenancy.name_missing"),
        ({"kind": "region"}, "tenancy.kind_order"),
        ({"kind": "ward"}, "tenancy.kind_order"),
        ({"kind": "department"}, "tenancy.kind_order"),
        ({"kind": "county", "level": "三级"}, "tenancy.level_not_hospital"),
        ({"level": "四级"}, "tenancy.level_not_hospital"),
        ({"zone": "Mars/Olympus"}, "tenancy.zone_unknown"),
    ],
)
def test_it_refuses_a_malformed_organisation(region, change, code):
    wanted = {"code": "x", "name": "某院", "kind": "hospital", "parent": region} | change
    with pytest.raises(Invalid) as refused:
        organisation_create(actor=None, **wanted)
    assert refused.value.code == code


def test_it_refuses_a_code_twice(region, hospital):
    with pytest.raises(Conflict, match="code_taken"):
        organisation_create(actor=None, code="h1", name="别的", kind="hospital", parent=region)


def test_it_creates_an_account_whose_password_must_be_changed(hospital, actor):
    made = user_create(actor=actor, username=" Li.Si ", display_name="李四", organisation=hospital, role="technologist")
    user = User.objects.get(username="li.si")
    assert user.must_change_password
    assert user.check_password(made.password)
    assert [row.role for row in memberships_today(user)] == ["technologist"]
    assert actions()[-2:] == ["user.create", "membership.grant"]
    assert made.password not in "".join(Entry.objects.values_list("after_text", flat=True))
    password_change(user=user, password="Another-2026-one")
    user.refresh_from_db()
    assert not user.must_change_password


def test_it_refuses_a_user_name_twice_whatever_its_case(hospital, person):
    person("head", "wang")
    with pytest.raises(Conflict, match="username_taken"):
        user_create(actor=None, username="WANG", display_name="王", organisation=hospital)


@pytest.mark.parametrize("weak", ["short1A", "alllowercaseletters", "1234567890123", "password123", "onlytwoclasses11"])
def test_it_refuses_a_weak_password(hospital, weak):
    with pytest.raises(Invalid, match="password_weak"):
        user_create(actor=None, username="li", display_name="李", organisation=hospital, password=weak)
    assert not User.objects.exists()


def test_it_grants_and_revokes_with_history(person, hospital, actor):
    user = person("nurse")
    row = membership_grant(actor=actor, user=user, organisation=hospital, role="head")
    with pytest.raises(Conflict, match="role_held"):
        membership_grant(actor=actor, user=user, organisation=hospital, role="head")
    with pytest.raises(Invalid, match="reason_missing"):
        membership_revoke(actor=actor, membership=row, reason="")
    assert Membership.objects.get(pk=row.pk).revoked_at is None  # the refused entry took the deed with it
    membership_revoke(actor=actor, membership=row, reason="调岗")
    assert [one.role for one in memberships_today(user)] == ["nurse"]
    with pytest.raises(Conflict):
        membership_revoke(actor=actor, membership=row, reason="再次")
    membership_grant(actor=actor, user=user, organisation=hospital, role="head")
    assert Membership.objects.filter(user=user, role="head").count() == 2
    assert verify_all() == []


def test_a_role_holds_from_its_first_to_its_last_day(person, hospital):
    user = person("nurse")
    today = local_day(hospital.zone)
    day = timedelta(days=1)
    row = membership_grant(actor=None, user=user, organisation=hospital, role="head", valid_from=today, valid_to=today)
    for first, last, holds in [
        (today, today, True),
        (today - day, today - day, False),
        (today + day, today + day, False),
        (today - day, today + day, True),
    ]:
        Membership.objects.filter(pk=row.pk).update(valid_from=first, valid_to=last)
        assert ("head" in {one.role for one in memberships_today(user)}) is holds
    with pytest.raises(Invalid, match="dates_reversed"):
        membership_grant(
            actor=None, user=user, organisation=hospital, role="expert", valid_from=today, valid_to=today - day
        )


@pytest.mark.parametrize("first", ADMINISTRATORS)
@pytest.mark.parametrize("second", ADMINISTRATORS)
def test_the_three_administrators_exclude_each_other(person, other_hospital, first, second):
    user = person(first)
    with pytest.raises(Conflict, match="administrators_exclude"):
        membership_grant(actor=None, user=user, organisation=other_hospital, role=second)
    with pytest.raises(IntegrityError), transaction.atomic():  # and so says the database
        Membership.objects.create(
            user=user, organisation=other_hospital, role=second, valid_from=local_day("Asia/Shanghai")
        )


def test_an_administrator_is_not_appointed_for_a_department(person, hospital):
    department = organisation_create(actor=None, code="h1-ct", name="CT室", kind="department", parent=hospital)
    with pytest.raises(Invalid, match="administrator_place"):
        membership_grant(actor=None, user=person("nurse"), organisation=department, role="audit_admin")


def test_nobody_grants_or_revokes_their_own_roles(person, hospital):
    admin = person("system_admin")
    person("system_admin", "second")
    with pytest.raises(NotAllowed, match="self_grant"):
        membership_grant(actor=admin.actor, user=admin, organisation=hospital, role="head")
    with pytest.raises(NotAllowed, match="self_grant"):
        membership_revoke(actor=admin.actor, membership=admin.memberships.get(), reason="自己")


def test_only_the_security_administrator_grants_once_there_is_one(person, hospital, other_hospital):
    admin, nurse = person("system_admin"), person("nurse")
    membership_grant(actor=admin.actor, user=nurse, organisation=hospital, role="head")
    security = person("security_admin")
    with pytest.raises(NotAllowed, match="security_admin_grants"):
        membership_grant(actor=admin.actor, user=nurse, organisation=hospital, role="expert")
    membership_grant(actor=security.actor, user=nurse, organisation=hospital, role="expert")
    membership_grant(actor=admin.actor, user=nurse, organisation=other_hospital, role="expert")
    with pytest.raises(NotAllowed, match="security_admin_grants"):  # not even with the first role of a new account
        user_create(actor=admin.actor, username="new", display_name="新", organisation=hospital, role="head")
    assert not User.objects.filter(username="new").exists()
    user_create(actor=admin.actor, username="new", display_name="新", organisation=hospital)


def test_the_last_system_administrator_stays(person, actor):
    admin = person("system_admin")
    with pytest.raises(Conflict, match="last_system_admin"):
        user_deactivate(actor=actor, user=admin, reason="离职")
    with pytest.raises(Conflict, match="last_system_admin"):
        membership_revoke(actor=actor, membership=admin.memberships.get(), reason="调岗")
    person("system_admin", "second")
    user_deactivate(actor=actor, user=admin, reason="离职")
    assert not User.objects.get(pk=admin.pk).is_active


def test_it_closes_and_opens_an_account(person, actor):
    user = person("head")
    with pytest.raises(NotAllowed, match="self_deactivate"):
        user_deactivate(actor=user.actor, user=user, reason="误")
    with pytest.raises(Invalid, match="reason_missing"):
        user_deactivate(actor=actor, user=user, reason=" ")
    user_deactivate(actor=actor, user=user, reason="离职")
    request = RequestFactory().post("/login/")
    assert authenticate(request, username="head", password=PASSWORD) is None
    user_activate(actor=actor, user=user)
    assert authenticate(request, username="head", password=PASSWORD) == user


def test_it_makes_a_new_password_for_somebody_else_only(person, actor):
    user = person("head")
    made = password_reset(actor=actor, user=user)
    assert not user.check_password(PASSWORD)
    assert user.check_password(made.password)
    assert user.must_change_password
    with pytest.raises(NotAllowed, match="self_reset"):
        password_reset(actor=user.actor, user=user)


def test_the_first_administrator_is_made_once(hospital):
    made = first_admin_create(organisation=hospital)
    assert {row.role for row in memberships_today(made.user)} == {"system_admin", "head"}
    assert made.user.must_change_password
    with pytest.raises(Conflict, match="already_set_up"):
        first_admin_create(organisation=hospital, username="again")
    assert {entry.actor_id for entry in Entry.objects.all()} == {""}


def test_it_shows_people_of_the_scope_only(person, hospital, other_hospital, region):
    person("head", "here")
    person("head", "there", at=other_hospital)
    person("regional_centre", "above", at=region)
    here = Scope((hospital.path,))
    assert [user.username for user in user_list(here, UserFilter())] == ["here"]
    assert [user.username for user in user_list(Scope((region.path,)), UserFilter())] == ["above", "here", "there"]
    assert user_list(Scope(), UserFilter()) == []
    with pytest.raises(NotFound):
        user_get(here, User.objects.get(username="there").pk)
    with pytest.raises(NotFound):
        organisation_get(here, other_hospital.pk)
    assert organisation_get(here, hospital.pk) == hospital


def test_it_narrows_and_pages_people(person, actor):
    for name in ("a1", "a2", "b1"):
        person("nurse", name)
    user_deactivate(actor=actor, user=User.objects.get(username="a2"), reason="离职")
    everything = Scope.everything()
    names = lambda **wanted: [user.username for user in user_list(everything, UserFilter(**wanted))]  # noqa: E731
    assert names(text="A") == ["a1", "a2"]
    assert names(active=False) == ["a2"]
    assert names(after="a1") == ["a2", "b1"]
    assert names(role="head") == []
    assert names(role="nurse", active=True) == ["a1", "b1"]


def test_a_hospital_cannot_take_over_the_account_of_a_regional_colleague(person, hospital, region):
    colleague = person("regional_centre", at=region)
    membership_grant(actor=None, user=colleague, organisation=hospital, role="expert")
    here = Scope((hospital.path,))
    assert user_get(here, colleague.pk) == colleague
    with pytest.raises(NotAllowed, match="user_outside"):
        user_administered(here, colleague.pk)
    assert user_administered(Scope((region.path,)), colleague.pk) == colleague


def test_it_finds_whom_to_tell(person, hospital, other_hospital, region, actor):
    person("engineer", "here")
    person("engineer", "there", at=other_hospital)
    person("engineer", "above", at=region)
    user_deactivate(actor=actor, user=person("engineer", "gone"), reason="离职")
    assert {user.username for user in role_holders("engineer", hospital.path)} == {"here", "above"}


def test_every_role_is_named_and_holds_known_permissions():
    assert set(ADMINISTRATORS) == {"system_admin", "security_admin", "audit_admin"}
    for role in ROLES.values():
        assert role.permissions <= ALL
        assert role.name("zh-hans") != role.name("en")
    assert roles_with("audit.view") >= {"audit_admin"}
    assert "system_admin" not in roles_with("audit.view")  # those who run the system do not keep its log
    with pytest.raises(ValueError, match="no such permission"):
        known("exam.veiw")


def test_every_permission_is_held_by_somebody():
    assert frozenset().union(*(role.permissions for role in ROLES.values())) == ALL


def test_the_database_refuses_an_impossible_organisation(region):
    for bad in ({"path": "no-slash"}, {"kind": "planet"}, {"level": "三级"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Organisation.objects.filter(pk=region.pk).update(**bad)
