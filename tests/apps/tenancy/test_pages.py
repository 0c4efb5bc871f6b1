"""The pages of people and of the audit log, and what holds for every page of the platform."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.apps.conftest import PASSWORD

from yingheng.audit import triggers
from yingheng.audit.models import Entry
from yingheng.audit.services import record
from yingheng.common.clock import now
from yingheng.tenancy.access import PUBLIC, SIGNED_IN
from yingheng.tenancy.models import Membership, User
from yingheng.tenancy.permissions import ALL
from yingheng.tenancy.services import membership_grant, user_deactivate

pytestmark = pytest.mark.django_db
CEILING = 15
SERVED_BY_LIBRARIES = ("yingheng.common.ui.",)  # below tenancy: the gallery and the language switch guard themselves


def every_view(resolver: URLResolver, prefix: str = ""):
    for item in resolver.url_patterns:
        if isinstance(item, URLPattern):
            yield prefix + str(item.pattern), item.callback
        else:
            yield from every_view(item, prefix + str(item.pattern))


def sign_in(client, username, password=PASSWORD):
    return client.post(reverse("tenancy:login"), {"username": username, "password": password})


def test_every_address_says_who_may_open_it():
    missing = [
        route
        for route, view in every_view(get_resolver())
        if not view.__module__.startswith(SERVED_BY_LIBRARIES)
        and getattr(view, "access", None) not in ALL | {PUBLIC, SIGNED_IN}
    ]
    assert missing == []


def test_only_signing_in_and_out_are_public():
    found = {route for route, view in every_view(get_resolver()) if getattr(view, "access", None) == PUBLIC}
    assert found - {"healthz", "healthz/"} == {"login/", "logout/"}


def test_every_guarded_page_sends_a_stranger_to_the_sign_in_page(client):
    for name in ("tenancy:users", "audit:list", "jobs:list", "notify:list", "tenancy:password"):
        answer = client.get(reverse(name))
        assert answer.status_code == 302
        assert answer.url == f"{reverse('tenancy:login')}?next={reverse(name)}"


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("tenancy:users", {"head", "system_admin", "security_admin", "audit_admin"}),
        ("tenancy:user_new", {"system_admin"}),
        ("tenancy:organisations", {"head", "system_admin", "security_admin", "audit_admin"}),
        ("tenancy:organisation_new", {"system_admin"}),
        ("audit:list", {"head", "audit_admin"}),
        ("jobs:list", {"head", "qc_officer", "system_admin"}),
        ("notify:list", {"head", "nurse", "system_admin", "qc_officer", "security_admin", "audit_admin"}),
    ],
)
def test_a_page_opens_for_its_roles_alone(signed_in, name, allowed):
    for role in ("head", "nurse", "qc_officer", "system_admin", "security_admin", "audit_admin"):
        assert signed_in(role).get(reverse(name)).status_code == (200 if role in allowed else 403), role


def test_it_signs_in_with_any_case_and_notes_it(client, person):
    user = person("head", "zhang")
    answer = sign_in(client, " Zhang ")
    assert (answer.status_code, answer.url) == (302, "/")
    entry = Entry.objects.order_by("id").last()
    assert (entry.action, entry.actor_id, entry.after) == ("session.open", str(user.pk), {"address": "127.0.0.1"})
    answer = client.post(reverse("tenancy:logout"))
    assert answer.url == reverse("tenancy:login")
    assert client.get(reverse("tenancy:users")).status_code == 302


def test_it_does_not_say_whether_the_name_or_the_password_was_wrong(client, person):
    person("head", "zhang")
    wrong = sign_in(client, "zhang", "nothing").content.decode()
    unknown = sign_in(client, "nobody", "nothing").content.decode()
    assert "alert" in wrong
    strip = lambda page: page.split('role="alert"')[1].split("</div>")[0]  # noqa: E731
    assert strip(wrong) == strip(unknown)


def test_it_closes_the_sign_in_after_five_wrong_passwords(client, person):
    person("head", "zhang")
    person("head", "li")
    for _attempt in range(4):
        assert sign_in(client, "zhang", "nothing").status_code == 200
    answer = sign_in(client, "ZHANG", "nothing")
    assert answer.status_code == 429
    assert "15" in answer.content.decode()
    assert sign_in(client, "zhang").status_code == 429
    assert sign_in(client, "li").status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere, "zhang").status_code == 302


def test_it_asks_for_an_own_password_first(client, person):
    user = person("head", "zhang")
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    sign_in(client, "zhang")
    assert client.get(reverse("tenancy:users")).url == reverse("tenancy:password")
    typed = {"old_password": PASSWORD, "new_password1": "weak", "new_password2": "weak"}
    assert client.post(reverse("tenancy:password"), typed).status_code == 200
    typed |= {"new_password1": "Tomograph+2027", "new_password2": "Tomograph+2027"}
    assert client.post(reverse("tenancy:password"), typed).status_code == 302
    assert client.get(reverse("tenancy:users")).status_code == 200
    user.refresh_from_db()
    assert not user.must_change_password
    assert user.check_password("Tomograph+2027")


def test_a_closed_account_is_out_with_its_next_request(signed_in, actor):
    client = signed_in("head")
    assert client.get(reverse("tenancy:users")).status_code == 200
    user_deactivate(actor=actor, user=User.objects.get(), reason="离职")
    assert client.get(reverse("tenancy:users")).status_code == 302


def test_a_revoked_role_closes_the_page_at_once(signed_in):
    client = signed_in("head")
    Membership.objects.update(revoked_at=now())
    assert client.get(reverse("tenancy:users")).status_code == 403


def test_it_does_not_follow_a_link_out_of_the_platform(client, person):
    person("head", "zhang")
    answer = client.post(
        f"{reverse('tenancy:login')}?next=https://elsewhere.example/", {"username": "zhang", "password": PASSWORD}
    )
    assert answer.url == "/"


def test_it_speaks_chinese_unless_told_otherwise(client, person):
    address = reverse("tenancy:login")
    assert client.get(address, headers={"accept-language": "en"}).headers["Content-Language"] == "zh-hans"
    client.cookies["yingheng_language"] = "en"
    assert client.get(address).headers["Content-Language"] == "en"
    client.cookies["yingheng_language"] = "../x"
    assert client.get(address).headers["Content-Language"] == "zh-hans"


def test_the_browser_takes_on_the_persons_language(client, person):
    user = person("head", "zhang")
    User.objects.filter(pk=user.pk).update(language="en")
    assert sign_in(client, "zhang").cookies["yingheng_language"].value == "en"
    client.post(reverse("tenancy:logout"))
    person("head", "li")
    assert sign_in(client, "li").cookies["yingheng_language"].value == ""


def test_it_sends_the_strict_headers(client):
    headers = client.get(reverse("tenancy:login")).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_form_without_its_token_is_refused(person):
    client = Client(enforce_csrf_checks=True)
    person("head", "zhang")
    assert sign_in(client, "zhang").status_code == 403


def test_it_creates_a_person_and_shows_the_password_once(signed_in, hospital):
    client = signed_in("system_admin")
    typed = {"username": "li.si", "display_name": "李四", "organisation": str(hospital.pk), "role": "nurse"}
    answer = client.post(reverse("tenancy:user_new"), typed)
    assert answer.status_code == 200
    made = User.objects.get(username="li.si")
    password = answer.context["made"].password
    assert password in answer.content.decode()
    assert made.check_password(password)
    assert "no-store" in answer.headers["Cache-Control"]
    again = client.post(reverse("tenancy:user_new"), typed)
    assert User.objects.filter(username="li.si").count() == 1
    assert "li.si" in str(again.context["page"].form.non_field_errors())


def test_it_places_nobody_outside_the_area(signed_in, other_hospital):
    client = signed_in("system_admin")
    typed = {"username": "li", "display_name": "李", "organisation": str(other_hospital.pk), "role": "nurse"}
    client.post(reverse("tenancy:user_new"), typed)
    assert not User.objects.filter(username="li").exists()


def test_it_grants_and_revokes_on_the_page(signed_in, person, hospital):
    client, nurse = signed_in("system_admin"), person("nurse")
    grant = reverse("tenancy:grant", kwargs={"user_id": nurse.pk})
    assert client.get(grant).status_code == 200
    answer = client.post(grant, {"organisation": str(hospital.pk), "role": "technologist"})
    assert answer.url == reverse("tenancy:user", kwargs={"user_id": nurse.pk})
    row = Membership.objects.get(user=nurse, role="technologist")
    revoke = reverse("tenancy:revoke", kwargs={"membership_id": row.pk})
    assert client.post(revoke, {"reason": ""}).status_code == 200
    assert client.post(revoke, {"reason": "调岗"}).status_code == 302
    assert client.get(revoke).status_code == 404
    shown = client.get(answer.url).content.decode()
    assert "护士" in shown
    assert "技师" in shown


def test_it_refuses_to_grant_oneself(signed_in, hospital):
    client = signed_in("system_admin")
    address = reverse("tenancy:grant", kwargs={"user_id": User.objects.get().pk})
    answer = client.post(address, {"organisation": str(hospital.pk), "role": "head"})
    assert answer.status_code == 403
    assert Membership.objects.count() == 1


def test_it_closes_opens_and_resets_an_account_on_the_page(signed_in, person):
    client, nurse = signed_in("system_admin"), person("nurse")
    where = {"user_id": nurse.pk}
    client.post(reverse("tenancy:deactivate", kwargs=where), {"reason": "离职"})
    nurse.refresh_from_db()
    assert not nurse.is_active
    client.post(reverse("tenancy:activate", kwargs=where))
    answer = client.post(reverse("tenancy:reset", kwargs=where))
    nurse.refresh_from_db()
    assert nurse.is_active
    assert nurse.check_password(answer.context["made"].password)
    assert client.get(reverse("tenancy:reset", kwargs=where)).status_code == 405


def test_people_elsewhere_do_not_exist(signed_in, person, other_hospital):
    client = signed_in("system_admin")
    there = person("nurse", "there", at=other_hospital)
    for name in ("user", "grant", "deactivate"):
        assert client.get(reverse(f"tenancy:{name}", kwargs={"user_id": there.pk})).status_code == 404
    for name in ("activate", "reset"):
        assert client.post(reverse(f"tenancy:{name}", kwargs={"user_id": there.pk})).status_code == 404
    row = there.memberships.get()
    assert client.post(reverse("tenancy:revoke", kwargs={"membership_id": row.pk}), {"reason": "x"}).status_code == 404
    assert client.get(reverse("tenancy:user", kwargs={"user_id": uuid.uuid4()})).status_code == 404
    there.refresh_from_db()
    assert there.check_password(PASSWORD)


def test_the_account_of_a_regional_colleague_is_not_touched(signed_in, person, hospital, region):
    colleague = person("regional_centre", at=region)
    membership_grant(actor=None, user=colleague, organisation=hospital, role="expert")
    client = signed_in("system_admin")
    assert client.get(reverse("tenancy:user", kwargs={"user_id": colleague.pk})).status_code == 200
    assert client.post(reverse("tenancy:reset", kwargs={"user_id": colleague.pk})).status_code == 403
    colleague.refresh_from_db()
    assert colleague.check_password(PASSWORD)


def test_it_creates_an_organisation_below_ones_own(signed_in, hospital):
    client = signed_in("system_admin")
    typed = {
        "parent": str(hospital.pk), "kind": "department", "code": "h1-mr", "name": "磁共振室", "zone": "Asia/Shanghai",
    }  # fmt: skip
    assert client.post(reverse("tenancy:organisation_new"), typed).status_code == 302
    assert hospital.children.get().path == "/cn-14/h1/h1-mr/"
    answer = client.post(reverse("tenancy:organisation_new"), typed)
    assert "h1-mr" in str(answer.context["page"].form.non_field_errors())


def test_the_log_shows_the_area_alone(signed_in, actor, hospital, other_hospital):
    record(actor=actor, action="device.edit", subject="device:mine", scope=hospital.path, after={"room": "CT1"})
    record(actor=actor, action="device.edit", subject="device:theirs", scope=other_hospital.path)
    client = signed_in("audit_admin")
    shown = client.get(reverse("audit:list")).content.decode()
    assert "device:mine" in shown
    assert "room: CT1" in shown
    assert "device:theirs" not in shown
    narrowed = client.get(reverse("audit:list"), {"action": "device.", "since": "2000-01-01", "until": "2000-01-02"})
    assert "device:mine" not in narrowed.content.decode()
    assert client.get(reverse("audit:list"), {"since": "2026-02-30", "before": "x"}).status_code == 200


def test_it_verifies_the_log_on_the_page(signed_in, actor, hospital):
    record(actor=actor, action="device.edit", subject="device:1", scope=hospital.path)
    client = signed_in("audit_admin")
    texts = lambda: [str(one) for one in client.post(reverse("audit:verify"), follow=True).context["messages"]]  # noqa: E731
    assert len(texts()) == 1
    assert f"{hospital.path} #" not in texts()[0]
    triggers.remove(connection)
    Entry.objects.filter(subject="device:1").update(actor_name="李四")
    triggers.install(connection)
    sequence = Entry.objects.get(subject="device:1").sequence
    assert f"{hospital.path} #{sequence}" in texts()[0]


@pytest.mark.parametrize("name", ["tenancy:users", "tenancy:organisations", "audit:list"])
def test_a_page_asks_the_database_as_often_for_many_rows_as_for_few(signed_in, person, hospital, actor, name):
    client = signed_in("head")
    address = reverse(name)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    client.get(address)
    few = queries()
    for number in range(60):
        person("nurse", f"nurse{number}")
    assert queries() == few <= CEILING


def test_lists_page_on(signed_in, person):
    client = signed_in("head")
    for number in range(60):
        person("nurse", f"nurse{number:02}")
    page = client.get(reverse("tenancy:users")).context["page"]
    assert len(page.table.rows) == 50
    following = client.get(reverse("tenancy:users") + page.table.pager.next_url).context["page"]
    assert (len(following.table.rows), following.table.pager.next_url) == (11, "")
