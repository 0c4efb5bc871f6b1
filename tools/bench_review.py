"""How long the pages of film review take with a million readings behind them, and how many questions they ask.

The database is made below build/bench or in YINGHENG_BENCH_REVIEW (a folder); YINGHENG_BENCH_SIZE=0.02 makes a small
one.  Every page is asked for PAGES times through Django's test client, one after the other.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

PAGES, WARM = 50, 3
BUDGET_MS, QUERIES = 150, 15
_ENOUGH_MS = 20_000
_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # accounts by the hundred, of nobody

Numbers = dict[str, float | int]


def bench_review(folder: Path, seed: int) -> Numbers:
    """p50 and p95 in ms of every list and figure of film review, and the queries of each."""
    size = float(os.environ.get("YINGHENG_BENCH_SIZE", "1"))
    home = Path(os.environ.get("YINGHENG_BENCH_REVIEW") or folder / f"review-{size:g}")
    _start(home)
    numbers: Numbers = _filled(size, seed) | _prepared()
    from yingheng.review.models import Reading  # noqa: PLC0415 - after Django was started

    numbers["readings"] = Reading.objects.count()
    worst = 0.0
    print(f"{'':<30}{'p50':>8}{'p95':>8}{'CPU':>8} ms   queries")
    for name, client, address in _pages():
        taken, cpu, queries = _timed(client, address)
        p50, p95 = statistics.median(taken), taken[max(0, round(0.95 * len(taken)) - 1)]
        worst = max(worst, p95)
        numbers |= {f"{name}_p50_ms": p50, f"{name}_p95_ms": p95, f"{name}_cpu_ms": cpu, f"{name}_queries": queries}
        mark = "" if p95 <= BUDGET_MS and queries <= QUERIES else "  over"
        print(f"{name:<30}{p50:>8.1f}{p95:>8.1f}{cpu:>8.1f} ms {queries:>5}{mark}", flush=True)
    return numbers | {"worst_p95_ms": worst, "budget_ms": BUDGET_MS}


def _start(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {"YINGHENG_HOME": str(home), "DJANGO_SETTINGS_MODULE": "yingheng.config.settings"}
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    import yingheng.config.asgi  # noqa: F401, PLC0415 - starts Django as the server does

    settings.PASSWORD_HASHERS = _HASHERS
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0, interactive=False)


def _filled(size: float, seed: int) -> Numbers:
    """The database filled, once; how long that took."""
    from django.db import connection  # noqa: PLC0415

    from yingheng.review.models import Campaign  # noqa: PLC0415

    if Campaign.objects.exists():
        return {}
    import bench_review_data as data  # noqa: PLC0415 - beside this file; reads models

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")
        data.build(size, seed)
        cursor.execute("ANALYZE")
    return {"filled_s": time.perf_counter() - started}


def _prepared() -> Numbers:
    """Months added up, as a chore does on a running installation; the running month stays marked, as it is wherever
    films are being read."""
    from django.db import transaction  # noqa: PLC0415
    from django.utils.timezone import localdate  # noqa: PLC0415

    from yingheng.rollups.months import months_mark, months_sum  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    started, months = time.perf_counter(), 0
    while done := months_sum():
        months += done
    taken = time.perf_counter() - started
    with transaction.atomic():
        months_mark(
            (pk, localdate()) for pk in Organisation.objects.filter(kind="hospital").values_list("pk", flat=True)
        )
    return {"months": months, "month_ms": 1000 * taken / months if months else 0.0}


def _pages() -> Iterator[tuple[str, Any, str]]:
    from django.urls import reverse  # noqa: PLC0415
    from django.utils.timezone import localdate  # noqa: PLC0415

    from yingheng.review.models import Campaign, Case  # noqa: PLC0415
    from yingheng.tenancy.models import User  # noqa: PLC0415

    today = localdate()
    month, quarter, year = (f"first={(today - timedelta(days=n)):%Y-%m}-01" for n in (0, 62, 334))
    five = f"first={today.year - 4}-01-01"
    reader, technologist = (_client(User.objects.get(username=name)) for name in ("reader0", "tech0"))
    home = User.objects.get(username="head0").home
    done = Campaign.objects.filter(organisation=home, purpose="monthly", state="published").latest("first_day")
    case = Case.objects.filter(campaign=done).latest("number")
    device = case.device_id
    yield "worklist", reader, reverse("web:readings")
    yield "reader", reader, reverse("review:reader")
    yield "mine", technologist, reverse("review:mine")
    for name, account in (("hospital", "head0"), ("region", "leader")):
        who = _client(User.objects.get(username=account))
        for page in ("campaigns", "appeals", "tracings", "daily", "agreement", "learning", "qualifications", "plans"):
            yield f"{name}.{page}", who, reverse(f"review:{page}")
        for period, told in (("month", month), ("quarter", quarter), ("year", year), ("five_years", five)):
            yield f"{name}.statistics.{period}", who, f"{reverse('review:statistics')}?{told}"
        yield f"{name}.year", who, reverse("review:year")
        yield f"{name}.process", who, f"{reverse('review:process')}?{year}"
        for by in ("performer", "item", "body_part"):
            yield f"{name}.statistics.year.{by}", who, f"{reverse('review:statistics')}?{year}&by={by}"
        yield f"{name}.statistics.within", who, f"{reverse('review:statistics_within')}?{five}&device={device}"
        yield f"{name}.statistics.purpose", who, f"{reverse('review:statistics')}?{year}&purpose=monthly"
        yield f"{name}.cases", who, reverse("review:cases")
        yield f"{name}.cases.year", who, f"{reverse('review:cases')}?{year}"
        yield f"{name}.cases.grade", who, f"{reverse('review:cases')}?{year}&grade=waste&purpose=monthly"
        yield f"{name}.cases.device", who, f"{reverse('review:cases')}?{year}&device={device}"
        yield f"{name}.campaign", who, reverse("review:campaign", args=[done.pk])
        yield f"{name}.results", who, reverse("review:results", args=[done.pk])
        yield f"{name}.campaign_case", who, reverse("review:campaign_case", args=[done.pk, case.pk])
        yield f"{name}.case", who, reverse("review:case", args=[case.pk])
        yield f"{name}.exam", who, reverse("web:exam", args=[case.exam_id])


def _client(user: Any) -> Any:
    from django.test import Client  # noqa: PLC0415

    client = Client()
    type(user).objects.filter(pk=user.pk).update(must_change_password=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _timed(client: Any, address: str) -> tuple[list[float], float, int]:
    """Times in ms, sorted; the median of processor time, which other programs do not change; queries of a request."""
    with _counted() as count:
        answer = client.get(address)
    if answer.status_code != HTTPStatus.OK:
        raise SystemExit(f"{address} answered {answer.status_code}")
    queries, taken, cpu = count(), [], []
    for n in range(WARM + PAGES):
        started, used = time.perf_counter(), time.process_time()
        client.get(address)
        if n >= WARM:
            taken.append(1000 * (time.perf_counter() - started))
            cpu.append(1000 * (time.process_time() - used))
        if sum(taken) > _ENOUGH_MS:  # so slow that twenty more tell nothing new
            break
    return sorted(taken), statistics.median(cpu), queries


@contextmanager
def _counted() -> Iterator[Callable[[], int]]:
    from django.db import connection, reset_queries  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    reset_queries()
    with CaptureQueriesContext(connection) as captured:
        yield lambda: len(captured)
