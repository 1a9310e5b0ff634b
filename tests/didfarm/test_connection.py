"""Certificates and proxies that cannot be used: refused in words, before anything is asked."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from billing_job.core.errors import ConfigError, Incomplete
from billing_job.didfarm.connection import http_client
from billing_job.didfarm.http import Http
from tests.support.sandbox_on_loopback import KEY, StillClock

PROGRAM = """
import os
from billing_job.core.errors import ConfigError
from billing_job.didfarm.connection import http_client
for name, value in (
    ("ALL_PROXY", "socks5://user:hunter2@127.0.0.1:1080"),
    ("HTTPS_PROXY", "gopher://user:hunter2@127.0.0.1"),
    ("SSL_CERT_FILE", "/no/such/file.pem"),
):
    os.environ[name] = value
    try:
        http_client(1, None, None)
    except ConfigError as error:
        print(error)
    del os.environ[name]
"""


def test_what_the_environment_names_is_refused_in_words() -> None:
    """A SOCKS proxy without its package, a proxy that is none, a certificate file that is not there; no password."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    socks, proxy, certificates = done.stdout.splitlines()
    assert "SOCKS proxy" in socks
    assert "socksio" in socks
    assert "is not the address of a proxy" in proxy
    assert certificates.startswith("SSL_CERT_FILE or SSL_CERT_DIR: no certificates can be read there")
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("content", [None, "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_ca_file_that_is_none_is_refused(content: str | None, tmp_path: Path) -> None:
    """Missing, not PEM, broken PEM: the key and the file are named."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=r"^api\.ca_file .*ca\.pem: cannot be read as certificates in PEM"):
        http_client(1, file, None)


def test_a_certificate_that_is_not_trusted_is_no_passing_fault() -> None:
    """Two tries, and the setting that helps where a company's own authority stands in between."""
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed")

    with (
        Http("https://supplier.example", KEY, StillClock(), transport=httpx.MockTransport(refuse)) as http,
        pytest.raises(Incomplete, match=r"certificate is not trusted; .* api\.ca_file"),
    ):
        http.get("/x", {}, lambda body: body)
    assert len(asked) == 2
