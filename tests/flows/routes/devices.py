"""Devices: trends, plans, performance tests."""

from tests.flows.routes.route import Route

ROUTES = {
    "web:devices": Route("device.view"),
    "web:device": Route("device.view", {"device_id": "device"}),
    "web:trend": Route("device.view", {"device_id": "device"}, query="?protocol=P&quantity=ct.noise.global"),
    "web:trends_beside": Route("device.view"),
    "web:clinical_trends": Route("device.view", {"device_id": "device"}),
    "web:trend_baseline": Route(
        "device.edit", {"device_id": "device"}, query="?protocol=phantom:ct.water&quantity=ct.phantom.ct_number"
    ),
    "web:device_change": Route("device.edit", {"device_id": "device"}),
    "web:device_change_withdraw": Route("device.edit", {"device_id": "device", "epoch_id": "epoch"}),
    "web:device_confirm": Route("device.edit", {"device_id": "device"}),
    "registry:use": Route("device.view", {"device_id": "device"}),
    "registry:restrict": Route("device.release", {"device_id": "device"}),
    "registry:release": Route("device.release", {"device_id": "device"}),
    "registry:permit": Route("device.release", {"device_id": "device"}),
    "registry:permit_end": Route("device.release", {"device_id": "device"}),
    "schedule:calendar": Route("schedule.view"),
    "schedule:due": Route("schedule.view", {"due_id": "due"}),
    "schedule:due_done": Route("schedule.edit", {"due_id": "due"}),
    "schedule:due_skip": Route("schedule.edit", {"due_id": "due"}),
    "schedule:plans": Route("schedule.view"),
    "schedule:plan_new": Route("schedule.edit", {"hospital_id": "hospital"}),
    "schedule:plan": Route("schedule.view", {"plan_id": "plan"}),
    "schedule:plan_change": Route("schedule.edit", {"plan_id": "plan"}),
    "schedule:plan_end": Route("schedule.edit", {"plan_id": "plan"}),
    "phantomqc:tests": Route("device.view"),
    "phantomqc:test": Route("device.view", {"test_id": "device_test"}),
    "phantomqc:fill": Route("device.test", {"test_id": "device_test"}, post=True),
    "phantomqc:value": Route("device.view", {"value_id": "item_value"}),
    "phantomqc:reading": Route("device.view", {"reading_id": "instrument_reading"}),
    "phantomqc:submit": Route("device.test", {"test_id": "device_test"}),
    "phantomqc:report": Route("device.view", {"test_id": "device_test"}),
    "phantomqc:report_ask": Route(
        "device.view", {"test_id": "device_test", "ending": "=pdf", "lang": "=zh"}, post=True
    ),
    "phantomqc:book": Route("device.view", {"device_id": "device", "year": "=2026"}),
    "phantomqc:book_ask": Route(
        "device.view", {"device_id": "device", "year": "=2026", "ending": "=pdf", "lang": "=zh"}, post=True
    ),
    "phantomqc:begin": Route("device.test", {"device_id": "device"}),
    "phantomqc:plan": Route("schedule.edit", {"device_id": "device"}, query="?template=ct-water-daily"),
    "phantomqc:cases": Route("device.view"),
    "phantomqc:case": Route("device.view", {"case_id": "phantom_case"}),
    "phantomqc:route": Route("device.test", {"case_id": "phantom_case"}),
    "phantomqc:confirm": Route("device.test", {"case_id": "phantom_case"}, post=True),
    "phantomqc:dismiss": Route("device.test", {"case_id": "phantom_case"}),
    "phantomqc:baseline": Route("device.edit", {"case_id": "phantom_case"}),
    "phantomqc:templates": Route("device.view"),
    "phantomqc:template": Route("device.view", {"template_id": "=ct-water-daily"}),
    "phantomqc:rules": Route("device.view"),
    "phantomqc:rule_new": Route("device.edit", {"hospital_id": "hospital"}),
    "phantomqc:rule": Route("device.edit", {"selector_id": "phantom_rule"}),
    "phantomqc:rule_switch": Route("device.edit", {"selector_id": "phantom_rule"}, post=True),
    "phantomqc:gate": Route("device.view"),
    "phantomqc:gate_hospital": Route("device.release", {"hospital_id": "hospital"}),
}
