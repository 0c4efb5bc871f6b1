from django.urls import path

from yingheng.notify import views

app_name = "notify"
urlpatterns = [
    path("", views.deliveries, name="list"),
    path("read/", views.read_all, name="read_all"),
    path("<uuid:delivery_id>/", views.follow, name="follow"),
    path("<uuid:delivery_id>/noted/", views.acknowledge, name="acknowledge"),
]
