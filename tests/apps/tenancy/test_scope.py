import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.services import membership_grant, organisation_create, user_deactivate

paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts) + "/")


@pytest.mark.parametrize("path", ["cn-14/", "/cn-14", ""])
def test_it_refuses_a_malformed_path(path):
    with pytest.raises(ValueError, match="slash"):
        Scope((path,))


def test_a_neighbour_whose_code_begins_alike_is_not_inside():
    assert not Scope(("/cn-14/h1/",)).contains("/cn-14/h10/")
    assert Scope(("/cn-14/h1/",)).contains("/cn-14/h1/ct/")


def test_an_empty_scope_is_false_and_contains_nothing():
    assert not Scope()
    assert not Scope().contains("/a/")
    assert not Scope().contains("")


def test_rows_of_no_organisation_belong_to_the_system():
    assert Scope(("/a/",), system=True).contains("")
    assert not Scope(("/a/",)).contains("")
    assert Scope.everything().contains("")
    assert Scope.everything().contains("/any/")


@given(st.lists(paths, max_size=5), paths)
def test_it_keeps_only_the_outermost_paths_and_loses_nothing(held, asked):
    scope = Scope(tuple(held))
    assert scope.contains(asked) == any(asked.startswith(path) for path in held)
    assert not any(one != other and one.startswith(other) for one in scope.paths for other in scope.paths)


@pytest.mark.django_db
def test_it_filters_rows_like_it_contains_them(hospital, other_hospital, region):
    everything = list(Organisation.objects.order_by("path"))
    for held in [(), ("/cn-14/h1/",), ("/cn-14/",), ("/cn-14/h1/", "/cn-14/h2/"), ("/",)]:
        scope = Scope(held)
        found = list(scope.filter(Organisation.objects.order_by("path"), field="path"))
        assert found == [row for row in everything if scope.contains(row.path)]


@pytest.mark.django_db
def test_a_role_reaches_its_organisation_and_below(person, hospital, region):
    assert Scope.of_user(person("head")).paths == (hospital.path,)
    centre = Scope.of_user(person("regional_centre", at=region))
    assert (centre.paths, centre.system) == ((region.path,), True)


@pytest.mark.django_db
def test_a_role_in_a_department_reaches_its_hospital(person, hospital):
    department = organisation_create(actor=None, code="h1-ct", name="CT室", kind="department", parent=hospital)
    assert Scope.of_user(person("technologist", at=department)).paths == (hospital.path,)


@pytest.mark.django_db
def test_it_reaches_only_where_the_permission_is_held(person, hospital, other_hospital):
    user = person("nurse")
    membership_grant(actor=None, user=user, organisation=other_hospital, role="head")
    assert Scope.of_user(user, "exam.view").paths == (hospital.path, other_hospital.path)
    assert Scope.of_user(user, "exam.decide").paths == (other_hospital.path,)
    assert not Scope.of_user(user, "job.manage")


@pytest.mark.django_db
def test_a_closed_account_reaches_nothing(person, actor):
    user = person("head")
    user_deactivate(actor=actor, user=user, reason="离职")
    assert not Scope.of_user(user)
