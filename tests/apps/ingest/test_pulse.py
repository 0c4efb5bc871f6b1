"""Signs of life: who lives, who was killed, and what the overview says of it."""

import os
import time

import pytest
from django.urls import reverse

from yingheng.ingest.pulse import SILENT_S, Pulse, vital


def silent_since(home, name, seconds):
    for path in (home / "run").glob(f"{name}-*.pulse"):
        os.utime(path, (time.time() - seconds,) * 2)


def test_a_process_that_beats_lives_and_leaves_in_good_order(tmp_path):
    assert vital(tmp_path, "receive") == vital(tmp_path, "other")
    assert vital(tmp_path, "receive").last_at is None
    pulse = Pulse(tmp_path, "receive")
    pulse.beat()
    assert vital(tmp_path, "receive").n_alive == 1
    assert vital(tmp_path, "intake").n_alive == 0
    pulse.end()
    pulse.end()
    assert vital(tmp_path, "receive").last_at is None


def test_a_process_that_was_killed_is_silent_and_remembered(tmp_path):
    Pulse(tmp_path, "intake").beat()
    silent_since(tmp_path, "intake", SILENT_S + 1)
    found = vital(tmp_path, "intake")
    assert found.n_alive == 0
    assert found.last_at is not None
    silent_since(tmp_path, "intake", 200_000)  # long ago, and still the only one
    assert vital(tmp_path, "intake").last_at is not None
    (tmp_path / "run" / "intake-1.pulse").touch()
    assert vital(tmp_path, "intake").n_alive == 1
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["intake-1.pulse"]


@pytest.mark.django_db
def test_the_overview_says_when_nothing_receives(home, signed_in):
    client = signed_in("system_admin", "boss")
    url = reverse("ingest:overview")
    assert "没有接收进程" not in client.get(url).content.decode()
    for name in ("receive", "intake"):
        Pulse(home, name).beat()
    assert "没有接收进程" not in client.get(url).content.decode()
    silent_since(home, "receive", SILENT_S + 1)
    page = client.get(url).content.decode()
    assert "没有接收进程" in page
    assert "等在磁盘上" not in page
