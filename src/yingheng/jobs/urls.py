from django.urls import path

from yingheng.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.jobs, name="list"),
    path("<uuid:job_id>/retry/", views.retry, name="retry"),
]
