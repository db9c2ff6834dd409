"""Fetching from the public web: what is there or a sentence, and nothing of a private network."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urljoin

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.messages import ImagePart
from app.services.addresses import Address
from app.services.fetching import Fetcher, Resolve, Resolver
from app.services.images import Images
from app.services.pinned import SocketAddress
from app.tools.tool import Fetched
from tests.properties import characters, examples
from tests.providers.transport.authority import LOCAL, Authority
from tests.providers.transport.servers import Scripted, request_of
from tests.services.web import Web, chunked, leading_to, whole

HELLO = b"hello, web"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(60):
        yield


class Names:
    """A resolver that knows `table`, and that everything else is at 127.0.0.1."""

    def __init__(self, **table: Sequence[str]) -> None:
        self.table = table
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[SocketAddress]:
        self.asked.append(host)
        return [(address, port) for address in self.table.get(host, ["127.0.0.1"])]


def loopback(address: Address) -> bool:
    """What is public in these tests."""
    return address == ip_address("127.0.0.1")


def fetcher(authority: Authority, port: int, resolve: Resolve | None = None) -> Fetcher:
    tls = ssl.create_default_context(cafile=authority.file)
    return Fetcher(loopback, resolve or Names(), tls, port)


def get(
    fetching: Fetcher,
    url: str,
    limit: int = 1_000_000,
    seconds: float = 20,
    accept: str = "image/*",
) -> bytes:
    return fetching.get(url, accept, limit, seconds)


def refusal(fetching: Fetcher, url: str, limit: int = 1_000_000, seconds: float = 20) -> str:
    with pytest.raises(BadInput) as caught:
        get(fetching, url, limit, seconds)
    assert caught.value.detail.endswith(".")
    return caught.value.detail


def test_what_is_there(authority: Authority) -> None:
    """The content comes, and the request holds nothing but what it must."""
    with Web(authority, whole(HELLO)) as web:
        assert get(fetcher(authority, web.port), f"{web.url}?a=1&b=ä#part") == HELLO
    assert web.asked == [
        b"GET /picture?a=1&b=%C3%A4 HTTP/1.1\r\n"
        b"Host: model.test:" + str(web.port).encode() + b"\r\n"
        b"Accept-Encoding: identity\r\nAccept: image/*\r\nUser-Agent: Parley\r\n\r\n"
    ]


@pytest.mark.parametrize(
    "addresses",
    [[], ["10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["127.0.0.1", "10.0.0.1"]],
    ids=["unknown", "private", "loopback", "mapped", "one of two"],
)
def test_a_name_that_is_not_public(authority: Authority, addresses: list[str]) -> None:
    """All addresses of a name must be public, and no sentence tells which one is not."""
    with Web(authority, whole(HELLO)) as web:
        names = Names(**{"model.test": addresses})
        said = refusal(fetcher(authority, web.port, names), web.url)
    assert said == "Its host has no public address."
    assert web.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        *["localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0.0.0.0"],
        *["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "ⓛocalhost"],
    ],
)
def test_the_ways_to_write_this_machine(authority: Authority, host: str) -> None:
    """With the real rule and the system's resolver nothing reaches loopback."""
    with Web(authority, whole(HELLO)) as web:
        fetching = Fetcher(port=web.port)
        assert refusal(fetching, f"https://{host}:{web.port}/") == "Its host has no public address."
    assert web.connections == 0


def test_the_system_s_resolver() -> None:
    """It finds what there is, and nothing where no name can look like that."""
    resolve = Resolver()
    assert ("127.0.0.1", 443) in resolve("localhost", 443)
    for nobody in ("a" * 64, "..", "a\0b", "[", "nobody.invalid"):
        assert resolve(nobody, 443) == []


def test_a_name_that_changes(authority: Authority) -> None:
    """A name is resolved once: what it answers later (DNS rebinding) is not asked for."""
    names = Names()

    def resolve(host: str, port: int) -> Sequence[SocketAddress]:
        found = names(host, port)
        names.table = {host: ["10.0.0.1"]}
        return found

    with Web(authority, whole(HELLO)) as web:
        assert get(fetcher(authority, web.port, resolve), web.url) == HELLO
    assert names.asked == ["model.test"]


def test_an_address_that_is_dead(authority: Authority) -> None:
    """The next address of the name is tried."""
    with Web(authority, whole(HELLO)) as web:
        names = Names(**{"model.test": ["127.0.0.9", "127.0.0.1"]})
        tls = ssl.create_default_context(cafile=authority.file)
        fetching = Fetcher(lambda _: True, names, tls, web.port)
        assert get(fetching, web.url) == HELLO


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 T", "308 P"])
def test_a_redirect(authority: Authority, status: str) -> None:
    """It is followed, relative or not, and each name is resolved and checked."""
    names = Names()
    with Web(authority) as web:
        elsewhere = f"https://localhost:{web.port}/c"
        web.answers = [leading_to("/b", status), leading_to(elsewhere, status), whole(HELLO)]
        assert get(fetcher(authority, web.port, names), web.url) == HELLO
    assert names.asked == ["model.test", "model.test", "localhost"]
    assert [request.split()[1] for request in web.asked] == [b"/picture", b"/b", b"/c"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("https://inner.test:{port}/", "Its host has no public address."),
        ("//inner.test:{port}/", "Its host has no public address."),
        ("http://model.test:{port}/", "It does not lead to an address by https."),
        ("file:///etc/passwd", "It does not lead to an address by https."),
        ("https://ada:secret@model.test:{port}/", "Its address holds a user or a password."),
        ("https://model.test/", "Its address names another port than 443."),
        ("https://model.test:0/", "Its address names another port than 443."),
    ],
)
def test_a_redirect_that_leads_astray(authority: Authority, target: str, said: str) -> None:
    """What is refused as an address is refused behind a redirect too, and nobody is asked."""
    names = Names(**{"inner.test": ["10.0.0.1"]})
    with Web(authority) as web:
        address = target.format(port=web.port)
        web.answers = [leading_to(address)]
        fetching = fetcher(authority, web.port, names)
        assert refusal(fetching, web.url) == said
        assert refusal(fetching, urljoin(web.url, address)) == said
    assert web.connections == 1


@pytest.mark.parametrize(("redirects", "comes"), [(3, True), (4, False)])
def test_redirects_end(authority: Authority, redirects: int, comes: bool) -> None:
    """Three are followed, and a fourth is not."""
    with Web(authority, *[leading_to("/on")] * redirects, whole(HELLO)) as web:
        fetching = fetcher(authority, web.port)
        if comes:
            assert get(fetching, web.url) == HELLO
        else:
            assert "more than 3 times" in refusal(fetching, web.url)
    assert web.connections == 4


def until_closed(body: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    yield body


@pytest.mark.parametrize("framing", [whole, chunked])
@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
def test_up_to_the_limit(authority: Authority, framing: type, size: int) -> None:
    """So many bytes are taken, however they are sent."""
    with Web(authority, framing(b"x" * size)) as web:
        assert get(fetcher(authority, web.port), web.url, limit=100_000) == b"x" * size


@pytest.mark.parametrize("framing", [whole, chunked, until_closed])
@pytest.mark.parametrize("size", [100_001, 1_000_000])
def test_over_the_limit(authority: Authority, framing: type, size: int) -> None:
    """One byte more is too much; what says so beforehand is not read."""
    with Web(authority, framing(b"x" * size)) as web:
        fetching = fetcher(authority, web.port)
        assert refusal(fetching, web.url, limit=100_000) == "It is too large."


def drip(head: bytes) -> Iterator[bytes]:
    yield head
    while True:
        gevent.sleep(0.05)
        yield b"x"


_SLOW = {
    "silent": lambda: iter([b""]),
    "head": lambda: drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "body": lambda: drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
}


@pytest.mark.parametrize("kind", _SLOW)
def test_a_slow_server(authority: Authority, kind: str) -> None:
    """The time limit is for all of it, not for a read."""
    began = time.monotonic()
    with Web(authority, _SLOW[kind]()) as web:
        said = refusal(fetcher(authority, web.port), web.url, seconds=0.6)
    assert said == "It could not be fetched in the time that there is for it."
    assert time.monotonic() - began < 5


def test_a_slow_resolver(authority: Authority) -> None:
    """And for the resolver as well."""

    def resolve(_host: str, _port: int) -> Sequence[SocketAddress]:
        gevent.sleep(30)
        return []

    assert "in the time" in refusal(
        fetcher(authority, 443, resolve), "https://a.test/", seconds=0.1
    )


@contextmanager
def flood(authority: Authority, kind: str) -> Iterator[int]:
    """The port of a server in a process of its own that sends without an end."""
    authority.server()
    stem = authority.file.parent / f"{LOCAL.replace(':', '-')}-2"
    command = [sys.executable, str(Path(__file__).with_name("flood.py"))]
    files = [f"{stem}.pem", f"{stem}.key"]
    with subprocess.Popen(
        [*command, *files, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.parametrize("kind", ["continue", "chunks"])
def test_a_server_that_is_faster_than_we(authority: Authority, kind: str) -> None:
    """Others go on meanwhile, and the time limit strikes."""
    turns = 0

    def count() -> None:
        nonlocal turns
        while True:
            gevent.sleep(0.01)
            turns += 1

    with flood(authority, kind) as port:
        other = gevent.spawn(count)
        url = f"https://localhost:{port}/"
        said = refusal(fetcher(authority, port), url, limit=100_000_000, seconds=1.0)
        other.kill()
    assert said == "It could not be fetched in the time that there is for it."
    assert turns > 10


@pytest.mark.parametrize(
    ("names", "days", "trusted"),
    [("DNS:other.test", 2, True), (LOCAL, 0, True), (LOCAL, 2, False)],
    ids=["wrong host", "expired", "untrusted"],
)
def test_a_worthless_certificate(
    authority: Authority, names: str, days: int, trusted: bool
) -> None:
    """Whoever cannot prove the name is not asked."""
    with Web(authority, whole(HELLO), names=names, days=days) as web:
        fetching = (
            fetcher(authority, web.port) if trusted else Fetcher(loopback, Names(), port=web.port)
        )
        said = refusal(fetching, web.url)
    assert said == "Its server has no valid certificate for its name."
    assert web.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (whole(b"gone", "404 Not Found"), "Its server answers with the status 404."),
        (whole(b"", "204 No Content"), "Its server answers with the status 204."),
        (whole(b"", "304 Not Modified"), "Its server answers with the status 304."),
        ([b"SSH-2.0-OpenSSH_9\r\n"], "Its server cannot be reached, or broke off."),
        (
            [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200],
            "Its server cannot be reached, or broke off.",
        ),
    ],
)
def test_another_answer(authority: Authority, answer: list[bytes], said: str) -> None:
    """A status is passed on; what is no HTTP is not."""
    with Web(authority, answer) as web:
        assert refusal(fetcher(authority, web.port), web.url) == said


@pytest.mark.parametrize("framing", [whole, chunked])
def test_a_cut(authority: Authority, framing: type) -> None:
    """Half of an image is none."""
    *pieces, _ = framing(b"x" * 5_000)
    cut = [b"".join(pieces) + b"x" * 100]
    with Web(authority, cut, leaves=True) as web:
        said = refusal(fetcher(authority, web.port), web.url)
    assert said in (
        "Its server stopped in the middle of it.",
        "Its server cannot be reached, or broke off.",
    )


def test_images_are_fetched(authority: Authority) -> None:
    """An address becomes the image that is there, by what it is and not by what it is called."""
    picture = b"GIF89a and the rest"
    with Web(authority, chunked(picture), whole(b"<html>"), chunked(picture)) as web:
        images = Images(20, fetcher(authority, web.port))
        expected = ImagePart("image/gif", b64encode(picture).decode())
        assert images.load([web.url]) == (expected,)
        with pytest.raises(BadInput) as caught:
            images.load([web.url, web.url, expected.data_url])
    assert caught.value.errors == {
        "images": {
            "0": ["It is not an image in PNG, JPEG, GIF or WebP."],
            "2": ["With it the images have more than 20 bytes together."],
        }
    }
    assert b"Accept: image/png, image/jpeg, image/gif, image/webp\r\n" in web.asked[0]


def test_images_share_their_time(authority: Authority) -> None:
    """Eight slow servers take no longer than one."""
    began = time.monotonic()
    with Web(authority, *[drip(b"HTTP/1.1 200 OK\r\n\r\n") for _ in range(8)]) as web:
        images = Images(1_000_000, fetcher(authority, web.port), seconds=0.5)
        with pytest.raises(BadInput) as caught:
            images.load([web.url] * 8)
    assert len((caught.value.errors or {})["images"]) == 8
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_behind_a_proxy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A proxy resolves names by itself, so nothing is fetched."""
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with Web(authority, whole(HELLO)) as web:
        assert "proxy" in refusal(fetcher(authority, web.port), web.url)
    assert web.connections == 0


@contextmanager
def plain(*answers: list[bytes]) -> Iterator[Scripted]:
    """A server without TLS, that gives each connection an answer."""

    def answer(sock: gevent.socket.socket, number: int) -> None:
        request_of(sock)
        for piece in answers[number - 1]:
            sock.sendall(piece)

    with Scripted(answer) as server:
        yield server


def test_a_page_by_http() -> None:
    """Where that is allowed it comes with its kind and its address, through the same gate."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/Plain; charset=UTF-8\r\nContent-Length: 2\r\n\r\n"
    )
    with plain(leading_to("/b"), [head, b"hi"]) as web:
        fetching = Fetcher(loopback, Names(), http=web.port)
        found = fetching.fetch(f"http://a.test:{web.port}/a", "text/*", 100, 20)
    assert found == Fetched(f"http://a.test:{web.port}/b", "text/plain", "utf-8", b"hi")


def test_http_leads_astray_no_more_than_https() -> None:
    """Without a port for it http is refused; with one, its addresses are checked all the same."""
    names = Names(**{"inner.test": ["10.0.0.1"]})
    with plain(leading_to("http://inner.test/"), leading_to("https://inner.test/")) as web:
        address = f"http://a.test:{web.port}/"
        assert "by https" in refusal(Fetcher(loopback, names), address)
        fetching = Fetcher(loopback, names, http=web.port)
        assert refusal(fetching, address) == "Its address names another port than 80."
        assert refusal(fetching, address) == "Its host has no public address."
        assert "by https or http" in refusal(fetching, "ftp://a.test/")
    assert web.connections == 2


def test_a_server_without_tls_that_never_ends() -> None:
    """Others go on meanwhile, and the time limit strikes."""

    def flood(sock: gevent.socket.socket, _: int) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while True:
                sock.sendall(b"x" * 1_000_000)

    began = time.monotonic()
    with Scripted(flood) as web:
        fetching = Fetcher(loopback, Names(), http=web.port)
        address = f"http://a.test:{web.port}/"
        said = refusal(fetching, address, limit=10**12, seconds=0.5)
    assert "in the time" in said
    assert time.monotonic() - began < 10


@pytest.fixture
def closed(authority: Authority) -> Fetcher:
    """All names are known to it, and lead to where nobody listens."""
    return fetcher(authority, 443, lambda _host, _port: [("127.0.0.1", 9)])


_addresses = st.text(characters | st.sampled_from("/:@[].?#%\\"), max_size=40)


@examples(200)
@given(_addresses, st.sampled_from(["https://", "https:", ""]))
def test_any_address(closed: Fetcher, address: str, scheme: str) -> None:
    """Whatever is given for an address is refused with a sentence, and never breaks anything."""
    assert refusal(closed, scheme + address)
