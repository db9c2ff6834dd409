"""TLS: an answer comes from the server that is meant, or not at all."""

from __future__ import annotations

import ssl
from pathlib import Path

import gevent
import pytest
from gevent import socket

from app.config import CompatibleServer, Config
from app.errors import Unreachable
from app.providers import registry
from app.providers.transport.client import Client
from app.providers.transport.response import Limits, Truncated
from tests.providers.transport.authority import LOCAL, Authority
from tests.providers.transport.calls import ask, post
from tests.providers.transport.conftest import Connect
from tests.providers.transport.servers import ANSWER, Scripted, SecureUpstream, request_of

_CHAT = "/v1/chat/completions"
_BODY = b'{"model": "mock-3", "stream": true}'

# What makes a certificate worthless: its names, its days, or an authority that only the system's
# own could stand up for.
_WORTHLESS = {
    "untrusted": (LOCAL, 2, False),
    "wrong-host": ("DNS:other.test", 2, True),
    "wrong-address": ("DNS:localhost,IP:127.0.0.2", 2, True),
    "expired": (LOCAL, 0, True),
}


@pytest.fixture(params=_WORTHLESS)
def impostor(
    request: pytest.FixtureRequest, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> SecureUpstream:
    names, days, trusted = _WORTHLESS[request.param]
    monkeypatch.delenv("SSL_CERT_DIR")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return SecureUpstream(tls=authority.server(names, days))


def address(server: SecureUpstream) -> str:
    return f"https://127.0.0.1:{server.port}"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_private_authority_is_trusted(
    authority: Authority, limits: Limits, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    """The file or the folder that the environment names is enough for the answer to stream."""
    where = authority.file if variable == "SSL_CERT_FILE" else authority.folder
    monkeypatch.setenv(variable, str(where))
    client = Client(limits)
    with SecureUpstream(tls=authority.server()) as server:
        got = post(client, f"https://{host}:{server.port}{_CHAT}", _BODY)
        client.close()
    assert got.endswith(b"data: [DONE]\n\n")


def test_a_worthless_certificate_is_refused(impostor: SecureUpstream, limits: Limits) -> None:
    """Unknown authority, other names or past days: no request leaves, so no key does."""
    client = Client(limits)
    with impostor, pytest.raises(ssl.SSLCertVerificationError):
        post(client, address(impostor) + _CHAT, _BODY)
    assert impostor.requests == []


def test_no_tls_at_the_other_end(client: Client) -> None:
    """A server that speaks plain HTTP where TLS is due is an ssl.SSLError."""

    def answer_plainly(sock: socket.socket, _number: int) -> None:
        sock.recv(1)
        sock.sendall(ANSWER)

    with Scripted(answer_plainly) as server, pytest.raises(ssl.SSLError):
        post(client, f"https://127.0.0.1:{server.port}/")


def test_a_cut_below_tls(trusted: Authority, client: Client) -> None:
    """A connection that ends in the middle of the body is Truncated, under TLS too."""
    with (
        SecureUpstream(tls=trusted.server()) as server,
        pytest.raises(Truncated),
    ):
        post(client, server.url + _CHAT, b'{"model": "cut-3"}')


def test_an_answer_in_large_records(trusted: Authority, client: Client) -> None:
    """What OpenSSL has decrypted and not yet given out is not waited for at the socket."""
    context, body = trusted.server(), b"x" * 200_000

    def answer_at_once(sock: socket.socket, _number: int) -> None:
        with context.wrap_socket(sock, server_side=True) as secure:
            request_of(secure)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + body)
            secure.recv(1)

    with Scripted(answer_at_once) as server, gevent.Timeout(20):
        assert post(client, f"https://localhost:{server.port}/") == body


def test_a_provider_with_a_private_authority(trusted: Authority, connect: Connect) -> None:
    """An answer streams and models are listed, with what SSL_CERT_FILE names."""
    with SecureUpstream(tls=trusted.server()) as server:
        provider = connect(server.url)
        assert ask(provider) == "t0 t1 t2 "
        assert provider.models() == ["mock-5-0"]


@pytest.mark.parametrize("adapter", ["openai", "anthropic", "own"])
@pytest.mark.parametrize("where", ["file", "folder"])
def test_configured_certificates(authority: Authority, adapter: str, where: str) -> None:
    """What the configuration names is enough for every adapter's stream and list of models."""
    with SecureUpstream(tls=authority.server()) as server:
        config = Config(
            openai_base_url=f"{server.url}/v1",
            anthropic_base_url=server.url,
            compatible=(CompatibleServer("own", f"{server.url}/v1"),),
            certificates=str(getattr(authority, where)),
        )
        made = registry.build(config)
        assert ask(made[adapter]) == "t0 t1 t2 "
        assert made[adapter].models() == ["mock-5-0"]
        for provider in made.values():
            provider.close()


def test_a_provider_with_a_worthless_certificate(
    impostor: SecureUpstream, connect: Connect, tmp_path: Path
) -> None:
    """It is Unreachable, for a stream and for its list of models, and hears no key."""
    with impostor:
        provider = connect(address(impostor))
        for call in (lambda: ask(provider), provider.models):
            with pytest.raises(Unreachable) as caught:
                call()
            assert caught.value.code == "provider_unreachable"
            assert caught.value.detail.startswith(provider.name)
    assert impostor.headers == []
