import pytest
from tests.apps.ui.rendering import a_request

from yingheng.common.ui.navigation import MENU, Group, Item, menu_for

pytestmark = pytest.mark.urls("tests.apps.ui.urls")
SHOP = (
    Group(
        "shop",
        "Shop",
        (
            Item("shop:exam_list", "home", "Exams", "exam.view", "e"),
            Item("stall:board", "home", "Board"),
            Item("gone:page", "home", "Gone"),
        ),
    ),
    Group("empty", "Empty", (Item("gone:other", "home", "Other"),)),
)


def labels(request):
    return [str(shown.item.label) for group in menu_for(request, SHOP) for shown in group.items]


def test_it_shows_only_what_resolves_and_is_allowed():
    assert labels(a_request()) == ["Board"]
    assert labels(a_request(permissions=frozenset({"exam.view"}))) == ["Exams", "Board"]


def test_it_hides_a_group_without_pages():
    assert [group.group.key for group in menu_for(a_request(), SHOP)] == ["shop"]


@pytest.mark.parametrize(
    ("path", "current"), [("/exams/board/", ["Board"]), ("/exams/17/", ["Exams"]), ("/elsewhere/", [])]
)
def test_it_marks_the_page_with_the_longest_matching_address(path, current):
    request = a_request(path, permissions=frozenset({"exam.view"}))
    assert [s.item.label for g in menu_for(request, SHOP) for s in g.items if s.current] == current


def test_it_gives_no_letter_and_no_page_twice():
    items = [item for group in MENU for item in group.items]
    letters = [item.go for item in items if item.go]
    assert len(letters) == len(set(letters))
    assert len({item.url_name for item in items}) == len(items)
