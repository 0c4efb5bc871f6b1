"""Paths of real data, and the rules that leave tests out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Correctness does not depend on how busy the machine is: no example fails for being slow.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

DATA_VARIABLE = "YINGHENG_TEST_DATA"


def _data_folder() -> Path | None:
    value = os.environ.get(DATA_VARIABLE)
    return Path(value) if value and Path(value).is_dir() else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip `real` tests without data, and `soak` tests unless they are asked for by marker."""
    no_data = pytest.mark.skip(reason=f"{DATA_VARIABLE} does not name a folder of real DICOM")
    no_soak = pytest.mark.skip(reason="long round: ask for it with -m soak")
    asked = config.getoption("markexpr") or ""
    for item in items:
        if item.get_closest_marker("real") and _data_folder() is None:
            item.add_marker(no_data)
        if item.get_closest_marker("soak") and "soak" not in asked:
            item.add_marker(no_soak)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real DICOM sets; tests that use it carry the marker `real`."""
    folder = _data_folder()
    if folder is None:
        pytest.skip(f"{DATA_VARIABLE} does not name a folder of real DICOM")
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test databases on SQLite are copies of one that was migrated before."""
    from tests import migrated  # noqa: PLC0415 - tests of the core need no Django

    migrated.use()
