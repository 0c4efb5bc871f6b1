"""The address of the service as answers name it."""

import pytest
from django.test import RequestFactory

from yingheng.api.views.common import service_root


@pytest.mark.parametrize(
    ("meta", "root"),
    [
        ({}, "http://testserver/dicomweb"),
        ({"HTTP_HOST": "localhost:8042", "SERVER_PORT": "8042"}, "http://localhost:8042/dicomweb"),
        # a client that leaves the port out, and the same behind a proxy, where it is right
        ({"HTTP_HOST": "localhost", "SERVER_PORT": "8042"}, "http://localhost:8042/dicomweb"),
        ({"HTTP_HOST": "localhost", "SERVER_PORT": "8042", "HTTP_X_REAL_IP": "192.0.2.1"}, "http://localhost/dicomweb"),
        ({"HTTP_HOST": "[::1]", "SERVER_PORT": "8042"}, "http://[::1]:8042/dicomweb"),
        ({"HTTP_HOST": "[::1]:8042", "SERVER_PORT": "8042"}, "http://[::1]:8042/dicomweb"),
        ({"HTTP_HOST": "localhost", "SERVER_PORT": "443", "wsgi.url_scheme": "https"}, "https://localhost/dicomweb"),
    ],
)
def test_the_root_is_where_the_client_came_to(meta, root):
    assert service_root(RequestFactory().get("/", **meta)) == root
