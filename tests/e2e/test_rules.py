"""A hospital writes a rule, is told that it is too loose, tries it out, signs it off and takes it back."""

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.harness import DESKTOP, Visit, person, watch

pytestmark = pytest.mark.browser
TAIYUAN = "taiyuan-mutual-recognition-trial"


@pytest.fixture
def page(real, running, signed):
    visit = Visit(real.base, "rules")
    with person(running, real.base, "zh", DESKTOP) as context:
        context.add_cookies(signed("wang"))
        page = context.new_page()
        watch(page, visit)
        yield page
    returned = ("/criteria/", "status of 400")  # the form that comes back with what is wrong
    assert [p for p in visit.problems if not any(word in p for word in returned)] == []


def test_it_takes_a_rule_from_draft_to_withdrawal(real, page):
    page.goto(f"{real.base}/rules/new/")
    page.fill("[name=title]", "试验规则")
    page.select_option("[name=base]", TAIYUAN)
    page.locator("main button[type=submit]").click()
    page.locator("main input[type=checkbox][value='ct.image.matrix']").check()
    page.locator("main button[type=submit]").click()
    page.get_by_text("图像矩阵不小于 512×512").first.click()
    page.fill("[name=value]", "256")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".field-error")).to_contain_text("太原市")
    page.fill("[name=value]", "1024")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("≥ 1024")
    edition = page.url
    page.get_by_role("link", name="试运行").first.click()
    assert int(page.locator("[name=days]").input_value()) >= 90
    page.locator("[name=days]").fill("3000")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/rules/trials/**")
    for _ in range(240):  # a worker does it, after the work of other tests; the page says when it is done
        if page.get_by_text("已完成").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_role("link", name="新不合格")).to_contain_text(re.compile("[1-9]"))
    page.goto(f"{edition}publish/")
    page.fill("[name=note]", "科室会议通过")
    page.fill("[name=password]", real.password)
    page.get_by_role("button", name="签发并发布").click()
    expect(page.locator("h1")).to_contain_text("已发布")
    page.goto(f"{edition}withdraw/")
    page.locator("textarea").fill("试验结束")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("h1")).to_contain_text("已撤回")
