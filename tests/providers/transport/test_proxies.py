"""Proxies, as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gevent import socket

from app.errors import Unreachable
from app.providers.transport.client import Client
from app.providers.transport.proxy import ProxyTrouble
from tests.providers.transport.authority import Authority
from tests.providers.transport.calls import ask, post
from tests.providers.transport.conftest import Connect
from tests.providers.transport.servers import Proxy, Scripted, SecureUpstream
from tests.server.process import free_port
from tests.upstream import Upstream

_CHAT = "/v1/chat/completions"
_BODY = b'{"model": "mock-3", "stream": true}'


@pytest.fixture
def secure(trusted: Authority) -> Iterator[SecureUpstream]:
    with SecureUpstream(tls=trusted.server()) as server:
        yield server


@pytest.fixture
def plain() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def port_of(server: Upstream) -> int:
    return int(server.url.rpartition(":")[2])


def with_credentials(proxy: Proxy, credentials: str) -> str:
    return proxy.url.replace("://", f"://{credentials}@")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_a_tunnel(
    secure: SecureUpstream, client: Client, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The proxy is asked for the host by its name, and TLS is with the host, not with it."""
    with Proxy(port_of(secure)) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert post(client, f"https://model.test{_CHAT}", _BODY).endswith(b"[DONE]\n\n")
    target, _, version = proxy.asked[0].removeprefix("CONNECT ").partition(" ")
    assert (target, version[:5]) == ("model.test:443", "HTTP/")
    assert proxy.credentials == [None]
    assert "proxy-authorization" not in secure.headers[0]


def test_certificates_are_checked_through_a_tunnel(
    secure: SecureUpstream, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that leads somewhere else than asked for does not get the request."""
    with Proxy(port_of(secure)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(OSError, match="certificate verify failed"):
            post(client, f"https://other.test{_CHAT}", _BODY)
    assert secure.requests == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("ada:secret", "ada:secret"), ("ada", "ada:"), ("a%40b:p%3A%2Fw%C3%A9", "a@b:p:/wé")],
)
def test_credentials_in_the_address_of_a_proxy(
    secure: SecureUpstream,
    plain: Upstream,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    meant: str,
) -> None:
    """They are sent decoded to the proxy, for a tunnel and for a whole URL."""
    with Proxy(port_of(secure)) as tunnel, Proxy(port_of(plain)) as forward:
        monkeypatch.setenv("HTTPS_PROXY", with_credentials(tunnel, written))
        monkeypatch.setenv("HTTP_PROXY", with_credentials(forward, written))
        post(client, f"https://model.test{_CHAT}", _BODY)
        post(client, f"http://model.test{_CHAT}", _BODY)
    assert tunnel.credentials == forward.credentials == [meant]
    assert "proxy-authorization" not in secure.headers[0]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_http_is_asked_for_by_its_whole_url(
    plain: Upstream, client: Client, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """For http the request line holds the URL with its query, and Host is the server's."""
    with Proxy(port_of(plain)) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        url = f"http://model.test:8001{_CHAT}?api-version=1"
        assert post(client, url, _BODY).endswith(b"[DONE]\n\n")
    assert proxy.asked == [f"POST {url} HTTP/1.1"]
    assert plain.headers[0]["host"] == "model.test:8001"


def test_a_proxy_without_a_scheme(
    plain: Upstream, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`host:port` is read as an address of http, as everybody does."""
    with Proxy(port_of(plain)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.port}")
        post(client, f"http://model.test{_CHAT}", _BODY)
    assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    "exempt",
    [
        *["*", "localhost", "a.test,localhost", "a.test, localhost", "LOCALHOST", ".localhost"],
        "localhost:PORT",
    ],
)
def test_no_proxy_exempts(
    plain: Upstream, client: Client, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    """What NO_PROXY names, by host, by suffix or with its port, is reached directly."""
    with Proxy(port_of(plain)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exempt.replace("PORT", str(port_of(plain))))
        post(client, f"http://localhost:{port_of(plain)}{_CHAT}", _BODY)
        post(client, f"http://model.test{_CHAT}", _BODY) if exempt != "*" else None
    assert len(proxy.asked) == (exempt != "*")


@pytest.mark.parametrize("exempt", ["127.0.0.0/8", "10.0.0.0/8,127.0.0.1"])
def test_no_proxy_exempts_networks(
    plain: Upstream, client: Client, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    """An address in a network that NO_PROXY names is reached directly, as requests does."""
    with Proxy(port_of(plain)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exempt)
        post(client, f"{plain.url}{_CHAT}", _BODY)
    assert proxy.asked == []


@pytest.mark.parametrize(
    "refusal", ["407 Proxy Authentication Required", "502 Bad Gateway", "403 Forbidden"]
)
def test_a_proxy_that_refuses(
    client: Client, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    """A tunnel that is refused is ProxyTrouble that says with what."""
    with Proxy(refusal=refusal) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(ProxyTrouble, match=refusal[:3]):
            post(client, "https://model.test/")


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 \xff\r\n\r\n", b"\0" * 70_000]
)
def test_a_proxy_that_speaks_something_else(
    client: Client, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """An end or a stranger's words in the place of a tunnel are ProxyTrouble."""

    def say(sock: socket.socket, _number: int) -> None:
        sock.recv(65_536)
        sock.sendall(said)

    with Scripted(say) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(ProxyTrouble):
            post(client, "https://model.test/")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:eighty",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://",
        "socks5://127.0.0.1:PORT",
        "https://127.0.0.1:PORT",
    ],
)
def test_a_proxy_that_cannot_be_used(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """An address that is none, or of a kind that is not supported, is ProxyTrouble."""
    with Proxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", address.replace("PORT", str(proxy.port)))
        for url in ("http://model.test/", "https://model.test/"):
            with pytest.raises(ProxyTrouble):
                post(client, url)
    assert proxy.asked == []


def test_a_provider_through_a_tunnel(
    secure: SecureUpstream, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer streams and models are listed through HTTPS_PROXY with credentials."""
    with Proxy(port_of(secure)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", with_credentials(proxy, "ada:secret"))
        provider = connect("https://model.test")
        assert ask(provider) == "t0 t1 t2 "
        assert provider.models() == ["mock-5-0"]
    assert [line.split()[:2] for line in proxy.asked] == [["CONNECT", "model.test:443"]] * 2
    assert proxy.credentials == ["ada:secret"] * 2


@pytest.mark.parametrize("refusal", ["407 Proxy Authentication Required", "502 Bad Gateway", ""])
def test_a_provider_behind_a_closed_proxy(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    """Refused by the proxy, or no proxy there: Unreachable, with no word of its password."""
    with Proxy(refusal=refusal) as proxy:
        address = with_credentials(proxy, "ada:secret")
        monkeypatch.setenv(
            "HTTPS_PROXY", address if refusal else f"http://ada:secret@127.0.0.1:{free_port()}"
        )
        provider = connect("https://model.test")
        with pytest.raises(Unreachable) as caught:
            ask(provider)
    assert caught.value.code == "provider_unreachable"
    assert caught.value.detail.startswith(provider.name)
    assert "secret" not in caught.value.detail
