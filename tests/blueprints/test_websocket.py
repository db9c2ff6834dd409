"""A WebSocket's frames, over a real pair of sockets: what arrives, what is kept, who is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gevent
import pytest
from gevent import socket
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage

from app.blueprints import websocket
from app.blueprints.websocket import Ended, Left, Socket
from app.encoders.messages import frames
from app.worker.sockets import LeanSocket
from tests.properties import examples


class Client:
    """The other end, as wsproto speaks for clients: its frames are masked."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.protocol = Connection(ConnectionType.CLIENT)

    def say(self, *events: Event) -> None:
        self.sock.sendall(b"".join(map(self.protocol.send, events)))

    def hear(self) -> list[Event]:
        data = self.sock.recv(1_000_000)
        assert data, "The server has gone without a word."
        self.protocol.receive_data(data)
        return list(self.protocol.events())


@pytest.fixture
def pair() -> Iterator[tuple[Socket, Client]]:
    ours, theirs = socket.socketpair()
    lean = LeanSocket(ours.family, ours.type, ours.proto, ours.detach())
    made = Socket(lean, 1_000)
    with gevent.Timeout(20), lean, theirs:
        yield made, Client(theirs)
        made.abandon()


def received(made: Socket, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        if (text := made.receive(0.5)) is not None:
            found.append(text)
    return found


_pieces = st.lists(st.text(max_size=40), min_size=1, max_size=5)


@examples(60)
@given(st.lists(_pieces, min_size=1, max_size=8), st.data())
def test_messages_arrive_however_they_are_cut(
    messages: Sequence[Sequence[str]], data: st.DataObject
) -> None:
    """Split into frames, with pings between, and packets at any byte: each message is whole."""
    client = Connection(ConnectionType.CLIENT)
    sent = b""
    for pieces in messages:
        for number, piece in enumerate(pieces, 1):
            sent += client.send(TextMessage(piece, message_finished=number == len(pieces)))
            sent += client.send(Ping(b"p"))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    ours, theirs = socket.socketpair()
    with gevent.Timeout(20), ours, theirs:
        made = Socket(ours, 1_000)
        reading = gevent.spawn(received, made, len(messages))
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            theirs.sendall(sent[start:end])
            gevent.sleep(0)
        assert reading.get() == ["".join(pieces) for pieces in messages]
        made.abandon()


@examples(60)
@given(st.lists(st.text(max_size=300) | st.integers(0, 70_000).map("x".__mul__), max_size=6))
def test_what_is_sent_is_read(texts: Sequence[str]) -> None:
    """Frames of every length are a client's messages again, one for each text."""
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(frames(texts))
    read, piece = [], ""
    for event in client.events():
        assert isinstance(event, TextMessage)
        piece += event.data
        if event.message_finished:
            read.append(piece)
            piece = ""
    assert read == list(texts)


def test_what_is_not_taken_stays_in_order(pair: tuple[Socket, Client]) -> None:
    """Pushed by some while another waits for the client, it comes out in the order of pushing."""
    made, client = pair
    numbers = [f"{n}" + "x" * 1_000 for n in range(2_000)]
    jobs = [gevent.spawn(made.send, [text]) for text in numbers]
    gevent.sleep(0.1)
    assert not all(job.ready() for job in jobs)
    got = ""
    while got.count("x" * 1_000) < 2_000:
        got += "".join(e.data for e in client.hear() if isinstance(e, TextMessage))
    gevent.joinall(jobs, raise_error=True)
    assert got == "".join(numbers)


def test_nobody_reads(pair: tuple[Socket, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes nothing for too long is given up, and hears why if it wakes up in time."""
    monkeypatch.setattr(websocket, "_STALL", 0.2)
    made, client = pair
    with pytest.raises(Ended) as caught:
        made.send(["x" * 10_000_000])
    assert (caught.value.code, caught.value.sentence) == (
        1013,
        "You do not read what you are sent.",
    )
    closing = gevent.spawn(made.close, caught.value.code, caught.value.sentence)
    heard: list[Event] = []
    while not any(isinstance(event, CloseConnection) for event in heard):
        heard = client.hear()
    assert heard[-1] == CloseConnection(1013, "You do not read what you are sent.")
    client.sock.close()
    closing.get()


def test_silence(pair: tuple[Socket, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is silent is asked with a ping, stays if it answers, and is left if it does not."""
    monkeypatch.setattr(websocket, "_SILENCE", 1.0)
    made, client = pair
    assert made.receive(1.1) is None
    assert client.hear() == [Ping(b"")]
    client.say(Pong(b""))
    assert made.receive(0.1) is None
    assert made.receive(1.1) is None
    assert client.hear() == [Ping(b"")]
    with pytest.raises(Left):
        received(made, 1)


def test_goodbye(pair: tuple[Socket, Client]) -> None:
    """A client's goodbye is answered in kind."""
    made, client = pair
    client.say(CloseConnection(1000, "bye"))
    with pytest.raises(Left):
        made.receive(5)
    assert client.hear() == [CloseConnection(1000, "bye")]


def test_our_goodbye(pair: tuple[Socket, Client]) -> None:
    """Our own waits for the client's, and reads over what comes before it."""
    made, client = pair
    closing = gevent.spawn(made.close, 1012, "Later.")
    client.say(TextMessage("x" * 900))
    heard = client.hear()
    assert heard == [CloseConnection(1012, "Later.")]
    assert isinstance(heard[0], CloseConnection)
    client.say(heard[0].response())
    closing.get()


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([TextMessage("x" * 1_001)], 1009),
        ([TextMessage("x" * 600, message_finished=False), TextMessage("x" * 600)], 1009),
    ],
)
def test_too_much(pair: tuple[Socket, Client], events: Any, code: int) -> None:
    """A message that is too long is refused, in one piece or in many."""
    made, client = pair
    client.say(*events)
    with pytest.raises(Ended) as caught:
        made.receive(5)
    assert caught.value.code == code


def test_empty_frames_cost_nothing(pair: tuple[Socket, Client]) -> None:
    """Any number of empty pieces leaves nothing behind."""
    made, client = pair
    empty = TextMessage("", message_finished=False)
    client.say(*[empty] * 5_000, TextMessage("a"))
    assert made.receive(5) == "a"
    client.say(*[empty] * 5_000)
    assert made.receive(0.2) is None
    assert made._pieces == []


def test_a_word_from_inside(pair: tuple[Socket, Client]) -> None:
    """Whoever receives can be woken without a message."""
    made, _ = pair
    gevent.spawn_later(0.05, made.wake)
    with gevent.Timeout(2):
        assert made.receive(10) is None
