"""Who works here, and who made an exam."""

from tests.flows.routes.route import EXAM, PERSON, Route

OPERATOR = {"operator_id": "operator"}
ROUTES = {
    "web:exam_performer": Route("person.edit", EXAM),
    "web:persons": Route("person.view"),
    "web:person": Route("person.view", PERSON),
    "web:person_new": Route("person.edit", query="?operator={operator}"),
    "web:person_edit": Route("person.edit", PERSON),
    "web:person_active": Route("person.edit", PERSON),
    "web:person_account": Route("person.edit", PERSON),
    "web:person_list": Route("person.edit"),
    "web:person_list_take": Route("person.edit", post=True),
    "web:operators": Route("person.edit"),
    "web:operator": Route("person.edit", OPERATOR),
    "web:operator_decide": Route("person.edit", OPERATOR, post=True),
}
