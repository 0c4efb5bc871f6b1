"""Facts are followed as in the running platform."""

import pytest


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    settings.YINGHENG_JOB_ROUTES = "yingheng.pipeline.routes.ROUTES"
