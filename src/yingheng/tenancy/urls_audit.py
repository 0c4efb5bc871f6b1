from django.urls import path

from yingheng.tenancy.views import audit

app_name = "audit"
urlpatterns = [
    path("", audit.entries, name="list"),
    path("verify/", audit.verify, name="verify"),
]
