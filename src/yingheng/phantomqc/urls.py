"""Addresses of the performance tests."""

from django.urls import path

from yingheng.phantomqc.views import cases, programme, readings, reports, rules, tests, trials

app_name = "phantomqc"
urlpatterns = [
    path("", tests.tests, name="tests"),
    path("<uuid:test_id>/", tests.test, name="test"),
    path("<uuid:test_id>/submit/", tests.submit, name="submit"),
    path("<uuid:test_id>/fill/", tests.fill, name="fill"),
    path("<uuid:test_id>/report/", reports.report, name="report"),
    path("<uuid:test_id>/report/<slug:ending>/<slug:lang>/", reports.ask, name="report_ask"),
    path("book/<uuid:device_id>/<int:year>/", reports.book, name="book"),
    path("book/<uuid:device_id>/<int:year>/<slug:ending>/<slug:lang>/", reports.book_ask, name="book_ask"),
    path("values/<uuid:value_id>/", readings.value, name="value"),
    path("readings/<uuid:reading_id>/", readings.reading, name="reading"),
    path("begin/<uuid:device_id>/", tests.begin, name="begin"),
    path("plan/<uuid:device_id>/", programme.plan, name="plan"),
    path("phantoms/", cases.cases, name="cases"),
    path("phantoms/<uuid:case_id>/", cases.case, name="case"),
    path("phantoms/<uuid:case_id>/test/", cases.route, name="route"),
    path("phantoms/<uuid:case_id>/confirm/", trials.confirm, name="confirm"),
    path("phantoms/<uuid:case_id>/aside/", cases.dismiss, name="dismiss"),
    path("phantoms/<uuid:case_id>/baseline/", cases.baseline, name="baseline"),
    path("templates/", programme.template_list, name="templates"),
    path("templates/<slug:template_id>/", programme.template, name="template"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/<uuid:hospital_id>/", rules.rule_new, name="rule_new"),
    path("rules/<uuid:selector_id>/", rules.rule, name="rule"),
    path("rules/<uuid:selector_id>/switch/", rules.rule_switch, name="rule_switch"),
    path("restrictions/", rules.gate, name="gate"),
    path("restrictions/<uuid:hospital_id>/", rules.gate_hospital, name="gate_hospital"),
]
