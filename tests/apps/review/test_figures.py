"""What pages of figures say: one number in tile, table and export; few cases in grey; a wrong address is told."""

import csv
import datetime as dt
import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from django.urls import reverse
from tests.apps.review.making import (
    DAY,
    made_campaign,
    make_case,
    make_device,
    make_exams,
    make_hospital,
    make_reader,
    make_technologist,
)
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from yingheng.catalog.models import Exam, ExamOperator, Operator
from yingheng.review.made_by_handlers import follow_exam
from yingheng.review.naming import stratum_text
from yingheng.review.statistics.crossed import part_of
from yingheng.review.statistics.sums import BY, Asked, Sums, grouped
from yingheng.review.summing import mean_interval
from yingheng.rollups.services import CellDelta, cell_add
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
PERIOD = Asked(ALL, DAY.replace(day=1), DAY + dt.timedelta(days=60))
QUERY = {"first": PERIOD.first.isoformat(), "last": PERIOD.last.isoformat()}
SCORES = (97, 96, 92, 88, 75, 40, 99, 98, 97, 96)
WRONG = ("first=abc", "last=9999-12-31", "last=0001-01-01", "first=0001-01-01", "first=2030-01-01&last=2026-01-01",
         "by=zzz", "purpose=zzz", "subject=zzz", "sample=zzz")  # fmt: skip


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def done(hospital):
    """A daily campaign of two devices and technologists, some films of a known position."""
    campaign, (reader,), _judges = made_campaign(hospital=hospital, n=6, n_readers=1, purpose="daily")
    other = make_exams(make_device(hospital, "DR1", "DX"), 4, performer=make_technologist(hospital, "T2"))
    for number, exam in enumerate(other, start=20):
        make_case(campaign, exam, number)
    campaign.cases.filter(number__gte=22).update(position="CH-PA")
    for case, score in zip(campaign.cases.order_by("number"), SCORES, strict=True):
        read(case, reader, 1, score=score)
    return campaign


@pytest.fixture
def client(hospital):
    return client_of(make_reader(hospital, "boss", "head"))


class _Tables(HTMLParser):
    """The rows of all tables of a page as lists of texts, each with the class of its row."""

    def __init__(self, text):
        super().__init__()
        self.rows, self._cell = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append((dict(attrs).get("class", ""), []))
        elif tag == "td":
            self._cell = []

    def handle_endtag(self, tag):
        if tag == "td":
            self.rows[-1][1].append(" ".join(self._cell))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None and data.strip():
            self._cell.append(data.strip())


def table(text, n_columns):
    return [(kind, cells) for kind, cells in _Tables(text).rows if len(cells) == n_columns]


def shown(client, **more):
    return client.get(reverse("review:statistics"), {**QUERY, **more}).content.decode()


def exported(client, ending, **more):
    return client.get(reverse("review:statistics_export", args=[ending]), {**QUERY, **more}).content


def csv_rows(client, **more):
    return list(csv.reader(io.StringIO(exported(client, "csv", **more).decode("utf-8-sig"))))[1:]


def xlsx_texts(content):
    """Every text of a workbook, whichever way it keeps them."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/sheet") or name == "xl/sharedStrings.xml":
                found += [one.text for one in ET.fromstring(book.read(name)).iter() if one.text]
    return found


def close(on_page, in_export):
    """One digit against two, each rounded for itself."""
    return abs(float(on_page) - float(in_export)) <= 0.0551


# --- page, tile and export ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", BY)
def test_page_csv_and_workbook_say_the_same(done, client, by):
    """Groups and months of the page with n, mean, interval and shares; in the export the same with one digit more."""
    page = shown(client, by=by)
    rows = [cells for _kind, cells in table(page, 5)]
    told = csv_rows(client)
    book = xlsx_texts(exported(client, "xlsx"))
    n_groups = len(grouped(PERIOD, by))
    assert len(rows) == n_groups + 1  # the groups, then the one month
    head = {"device": "设备", "performer": "技师", "item": "检查项目", "body_part": "部位", "position": "体位"}[by]
    compared = 0
    for cells in rows:
        name = re.sub(r" 少于.*", "", cells[0])
        (line,) = [one for one in told if one[1] == name and one[0] in {head, "月份"}]
        assert cells[1] == line[2]
        mean, *between = cells[2].split(" ")
        assert close(mean, line[3])
        ends = between[0].split("–") if between else []
        assert [close(*pair) for pair in zip(ends, filter(None, line[4:6]), strict=True)] == [True] * len(ends)
        for cell, percent, of in ((cells[3], line[6], line[7]), (cells[4], line[8], line[9])):
            share, n = re.match(r"([\d.]+) % n = (\d+)", cell).groups()
            assert close(share, percent)
            assert n == of
        assert set(line[1:]) - {""} <= set(book)
        compared += 1
    assert compared == n_groups + 1


def test_tile_table_and_sums_of_the_month_agree(done, client):
    page = shown(client)
    (_kind, month) = table(page, 5)[-1]
    total = sum(SCORES) / len(SCORES)
    assert month[0] == "2026-10"
    assert month[2].startswith(f"{total:.1f}")
    assert f'<b class="num">{total:.1f}</b>' in page
    assert "目标 ≥ 92" in page


def test_groups_of_few_cases_are_grey_and_others_are_not(hospital, client):
    for n in range(31):
        told = {"purpose": "daily", "subject": "exam", "device": None, "modality": "CT", "body_part": "CHEST",
                "item": None, "performer": None}  # fmt: skip
        small = told | {"body_part": "HEAD"}
        for one in (told, small)[: 2 if n == 0 else 1]:
            delta = CellDelta(hospital.pk, DAY + dt.timedelta(days=n), one, 0, 1, (90.0 + n % 3,))
            cell_add(indicator="review.score", delta=delta, sign=1)
    kinds = {cells[0].split(" ")[0]: kind for kind, cells in table(shown(client, by="body_part"), 5)}
    assert (kinds["CHEST"], kinds["HEAD"]) == ("", "row-few")


def test_an_empty_period_says_so_and_exports_an_empty_table(client):
    page = client.get(reverse("review:statistics"), {"first": "2020-01-01", "last": "2020-01-31"})
    assert "这段时间没有结果" in page.content.decode()
    assert "不足 30 例" not in page.content.decode()
    assert csv_rows(client) == []


def test_no_share_of_films_is_asked_of_reports(hospital, client):
    told = {"purpose": "audit", "subject": "report", "device": None, "modality": "CT", "body_part": "", "item": None,
            "performer": None}  # fmt: skip
    cell_add(indicator="review.excellent", delta=CellDelta(hospital.pk, DAY, told, 1, 1), sign=1)
    assert "≥ 60" not in shown(client, subject="report")
    assert "≥ 60" in shown(client)


@pytest.mark.parametrize(("totals", "known"), [((90.0, 90.0, 90.0), False), ((90.0, 90.0, 91.0), True)])
def test_films_that_are_all_alike_prove_no_interval(totals, known):
    sums = Sums(n=3, total=sum(totals), cells=3, tt=sum(t * t for t in totals), tn=sum(totals), nn=3)
    assert (sums.interval is not None) == known
    assert (mean_interval(totals) is not None) == known


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["statistics", "process", "cases"])
def test_a_wrong_address_is_answered_and_told(client, name):
    for query in WRONG:
        answer = client.get(f"{reverse(f'review:{name}')}?{query}")
        assert answer.status_code == 200
        told = "未能按地址中的要求显示" in answer.content.decode()
        assert told == (name == "statistics" or query != "sample=zzz")


def test_a_wrong_address_breaks_no_export(client):
    address = reverse("review:statistics_export", args=["csv"])
    assert {client.get(f"{address}?{query}").status_code for query in WRONG} == {200}


def test_a_year_that_is_none_is_told(client, monkeypatch):
    monkeypatch.setattr("yingheng.review.views.year.localdate", lambda: dt.date(2026, 11, 22))
    for text, told in (("2026", False), ("abc", True), ("1999", True), ("9" * 5000, True)):
        page = client.get(reverse("review:year"), {"year": text}).content.decode()
        assert ("不是可查的年度" in page) == told


@pytest.mark.parametrize("name", ["agreement", "learning"])
def test_a_report_that_is_not_there_is_told(client, name):
    assert "该报告不存在" in client.get(reverse(f"review:{name}"), {"report": "zzz"}).content.decode()
    assert "该报告不存在" not in client.get(reverse(f"review:{name}")).content.decode()


def test_an_exercise_that_is_not_there_is_told(client):
    page = client.get(reverse("review:trainees"), {"exercise": "zzz"})
    assert page.status_code == 200
    assert "该练习不存在" in page.content.decode()


def test_an_id_that_is_none_shows_nobody_and_not_those_who_are_unknown(done, client):
    done.cases.update(performer=None)
    page = client.get(reverse("review:cases"), {**QUERY, "performer": "zzz"}).content.decode()
    assert "<tbody>" not in page


# --- one person, device or position ---------------------------------------------------------------------------------


@pytest.mark.parametrize("within", ["performer", "device", "position"])
def test_a_part_comes_to_what_its_cells_come_to(done, within):
    """All groups of the crossing added up are the group itself, as the cells have it, with its interval."""
    for key, whole in grouped(PERIOD, within):
        if not key:
            continue
        part = part_of(PERIOD, within, key)
        (only,) = part.by(within)
        assert only[0] == key
        assert only[1] == whole
        assert sum(one.n for _key, one in part.by("body_part")) == whole.n
        assert not part.cut


def test_a_technologist_is_shown_by_position(done, client, django_assert_max_num_queries):
    person = done.cases.get(number=22).performer
    with django_assert_max_num_queries(15):
        page = client.get(reverse("review:statistics_within"), {**QUERY, "performer": str(person.pk)})
    rows = {cells[0].split(" 少于")[0]: cells for _kind, cells in table(page.content.decode(), 5)}
    assert rows["胸部后前位"][1] == "2"
    assert rows["胸部后前位"][2].startswith("96.5")
    assert rows["未知"][1] == "2" if "未知" in rows else len(rows) == 3
    links = shown(client, by="performer")
    assert f"performer={person.pk}" in links
    assert reverse("review:statistics_within") in links


def test_a_part_that_is_not_there_is_refused(client):
    for query in ({}, {"performer": "zzz"}, {"device": "zzz"}, {"position": "ZZ-99"}):
        assert client.get(reverse("review:statistics_within"), query).status_code == 404


def test_people_of_other_hospitals_are_not_there(done, client):
    elsewhere = make_technologist(make_hospital("rh9"), "T9")
    assert client.get(reverse("review:statistics_within"), {"performer": str(elsewhere.pk)}).status_code == 404


def test_only_so_many_results_are_read_and_the_page_says_so(done, client, monkeypatch):
    monkeypatch.setattr("yingheng.review.statistics.crossed.MOST", 3)
    device = done.cases.first().device
    page = client.get(reverse("review:statistics_within"), {**QUERY, "device": str(device.pk)}).content.decode()
    assert "只计最新的" in page


# --- made together --------------------------------------------------------------------------------------------------


@pytest.fixture
def together(hospital):
    """Two films of two technologists with accounts, settled: (campaign, accounts)."""
    campaign, (reader,), _judges = made_campaign(hospital=hospital, n=2, n_readers=1, purpose="daily")
    accounts = [make_reader(hospital, f"tech{n}", "technologist") for n in (1, 2)]
    exams = [case.exam for case in campaign.cases.select_related("exam")]
    for n, user in enumerate(accounts):
        person = make_technologist(hospital, f"M{n}", user=user)
        row = Operator.objects.create(hospital=hospital, key=f"m{n}", text_cipher=b"x", person=person, state="matched")
        ExamOperator.objects.bulk_create(ExamOperator(exam=exam, operator=row, source="header") for exam in exams)
    Exam.objects.filter(pk__in=[exam.pk for exam in exams]).update(performer=None, performer_source="several")
    for exam in exams:
        follow_exam(str(exam.pk), {})
    for case in campaign.cases.order_by("number"):
        read(case, reader, 1, score=71)
    return campaign, accounts


def test_films_made_together_stand_on_each_page_and_in_nobodys_mean(together, client, django_assert_max_num_queries):
    campaign, accounts = together
    assert [key for key, _one in grouped(PERIOD, "performer")] == [""]
    for user in accounts:
        own = client_of(user)
        with django_assert_max_num_queries(15):
            page = own.get(reverse("review:mine")).content.decode()
        assert page.count("2 人共同完成") == campaign.cases.count()
        assert "与他人共同完成" in page
        assert "<article" not in page  # no tile: there is no mean
        for case in campaign.cases.all():
            answer = own.get(reverse("review:case", args=[case.pk]))
            assert answer.status_code == 200
            assert "2 人共同完成" in answer.content.decode()


def test_nobody_else_sees_them(together, hospital):
    campaign, _accounts = together
    other = make_reader(hospital, "tech9", "technologist")
    make_technologist(hospital, "M9", user=other)
    own = client_of(other)
    assert "共同完成" not in own.get(reverse("review:mine")).content.decode()
    assert own.get(reverse("review:case", args=[campaign.cases.first().pk])).status_code == 404


def test_sealed_results_made_together_stay_sealed(hospital):
    campaign, (reader,), _judges = made_campaign(hospital=hospital, n=1, n_readers=1, purpose="monthly")
    user = make_reader(hospital, "tech1", "technologist")
    case = campaign.cases.get()
    row = Operator.objects.create(
        hospital=hospital, key="m", text_cipher=b"x", person=make_technologist(hospital, "M1", user=user),
        state="matched",
    )  # fmt: skip
    ExamOperator.objects.create(exam=case.exam, operator=row, source="header")
    Exam.objects.filter(pk=case.exam_id).update(performer=None, performer_source="several")
    campaign.cases.update(performer=None)
    read(case, reader, 1, score=71)
    own = client_of(user)
    assert "共同完成" not in own.get(reverse("review:mine")).content.decode()
    assert own.get(reverse("review:case", args=[case.pk])).status_code == 404


# --- words and pictures ---------------------------------------------------------------------------------------------


def test_of_reports_people_are_those_who_sign():
    assert stratum_text("performer", "report") == "签发人"
    assert stratum_text("performer", "exam") == "技师"
    assert stratum_text("device", "report") == "设备"
