"""The HTTP client to the supplier: its certificates and proxies, refused in words where they cannot be used."""

import ssl
from pathlib import Path

import httpx

from billing_job.core.errors import ConfigError


def http_client(timeout_seconds: float, ca_file: Path | None, transport: httpx.BaseTransport | None) -> httpx.Client:
    """A client that follows no redirect; ConfigError names a setting or a variable that it cannot use.

    Proxies and certificates of the environment hold (HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR)
    unless `ca_file` names the certificates.
    """
    verify = True if ca_file is None else _authorities(ca_file)
    try:
        return httpx.Client(
            timeout=timeout_seconds,
            transport=transport,
            follow_redirects=False,
            trust_env=True,
            verify=verify,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "billing-job"},
        )
    except ImportError:
        raise ConfigError(
            "HTTPS_PROXY or ALL_PROXY names a SOCKS proxy, which needs one more package: install socksio"
            ' (`pip install "httpx[socks]"`), name an http:// proxy, or put the supplier\'s host into NO_PROXY'
        ) from None
    except OSError as error:  # SSLError among them
        raise ConfigError(
            f"SSL_CERT_FILE or SSL_CERT_DIR: no certificates can be read there ({_reason(error)}): correct or unset it"
        ) from None
    except (ValueError, httpx.InvalidURL):  # the text may hold the proxy's password
        raise ConfigError(
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not the address of a proxy such as http://proxy.example:3128:"
            " correct or unset it"
        ) from None


def _authorities(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:
        raise ConfigError(
            f"api.ca_file {ca_file}: cannot be read as certificates in PEM ({_reason(error)}); correct it"
        ) from None


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def untrusted(error: BaseException) -> str:
    """What to do where the supplier's certificate is not trusted; empty for any other failure."""
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return ""
    return (
        "its certificate is not trusted; look at api.base_url, and where a company's own authority stands in between,"
        " name its PEM file as api.ca_file (or look at SSL_CERT_FILE and SSL_CERT_DIR)"
    )
