"""Tokens of a frontend's own users: one that is right is somebody, and every other is nobody."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from time import time
from typing import Any

import gevent
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import get_default_algorithms

from app.errors import NotAuthenticated, TooMany
from app.services import throttle
from app.services.signing import FORGED
from app.storage.database import Database, connect
from tests.properties import examples
from tests.services.people_at_work import ADMIN, AUDIENCE, HERE, SECRET, Process, claims, token
from tests.storage.databases import fresh

_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
_SHORT = rsa.generate_private_key(public_exponent=65_537, key_size=1024)
_EC = ec.generate_private_key(ec.SECP256R1())
_ED = ed25519.Ed25519PrivateKey.generate()
_PRIVATE: dict[str, Any] = {"RS256": _RSA, "ES256": _EC, "EdDSA": _ED}


class Published:
    """A set of public keys, by their ids."""

    def __init__(self, **keys: Mapping[str, Any]) -> None:
        self.keys = keys
        self.asked: list[str | None] = []

    def find(self, kid: str | None) -> Mapping[str, Any] | None:
        self.asked.append(kid)
        return self.keys.get(kid or "")


def public(key: Any, algorithm: str, **more: Any) -> dict[str, Any]:
    """As RFC 7517 writes it."""
    made: Any = get_default_algorithms()[algorithm]
    return {**json.loads(made.to_jwk(key.public_key())), "use": "sig", **more}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = connect(fresh(tmp_path_factory.mktemp("signing")))
    with gevent.Timeout(120):
        yield made
    made.close()


@pytest.fixture(scope="module")
def key_id(database: Database) -> str:
    return Process(database).made()[0]


@pytest.fixture
def process(database: Database, key_id: str) -> Process:
    return Process(database, key_id=key_id)


def refusal(process: Process, sent: str) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        process.identity.of(sent, HERE)
    return caught.value.detail


def test_a_token_is_a_user_under_the_key(process: Process, key_id: str) -> None:
    """Its sub is who it is, and the key's limits and scopes are what it may."""
    account = process.identity.of(token(), HERE)
    assert (account.user, account.payer, account.key_id) == ("alice", "ada", key_id)
    assert account.scopes == ("chat",)
    assert account.owner != process.identity.of(token(sub="bob"), HERE).owner


@pytest.mark.parametrize("algorithm", sorted(_PRIVATE))
def test_each_algorithm(database: Database, key_id: str, algorithm: str) -> None:
    """A token that is signed with the private half is found right by the public one."""
    published = Published(one=public(_PRIVATE[algorithm], algorithm))
    process = Process(database, key_id=key_id, key_set=published, algorithm=algorithm)
    account = process.identity.of(token(_PRIVATE[algorithm], algorithm, "one"), HERE)
    assert account.user == "alice"
    other = {"RS256": "ES256", "ES256": "EdDSA", "EdDSA": "RS256"}[algorithm]
    assert refusal(process, token(_PRIVATE[other], other, "one")) == FORGED


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header: Mapping[str, Any]) -> str:
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims()).encode())}"


def signed(key: Any, **header: Any) -> str:
    """With RS256, though the library would warn of it."""
    body = unsigned({"alg": "RS256", "kid": "one", **header})
    algorithm: Any = get_default_algorithms()["RS256"]
    return f"{body}.{b64(algorithm.sign(body.encode(), key))}"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS256", "RS256"])
@pytest.mark.parametrize("published", [True, False])
def test_what_nobody_has_signed(
    database: Database, key_id: str, name: str, published: bool
) -> None:
    """Without a signature it is nothing, whatever it says of that; and no key is asked for."""
    keys = Published(one=public(_RSA, "RS256")) if published else SECRET
    algorithm = "RS256" if published else "HS256"
    process = Process(database, key_id=key_id, key_set=keys, algorithm=algorithm)
    assert refusal(process, f"{unsigned({'alg': name, 'kid': 'one'})}.") == FORGED


@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
def test_a_public_key_is_no_secret(database: Database, key_id: str, form: str) -> None:
    """Signed with HS256 and what everybody can read of the public key, a token is nobody's."""
    known = {
        "pem": _RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": _RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": json.dumps(public(_RSA, "RS256")).encode(),
    }[form]
    published = Published(one=public(_RSA, "RS256"))
    process = Process(database, key_id=key_id, key_set=published, algorithm="RS256")
    body = unsigned({"alg": "HS256", "kid": "one"})
    signature = hmac.digest(known, body.encode(), "sha256")
    assert refusal(process, f"{body}.{b64(signature)}") == FORGED
    assert published.asked == []


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": public(_EC, "ES256")},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"kid": "../../dev/null"},
        {"kid": 7},
        {"kid": None},
        {"crit": ["exp"], "exp": 1},
        {"b64": False},
    ],
)
def test_a_header_changes_no_rule(database: Database, key_id: str, header: dict[str, Any]) -> None:
    """A key that a token brings along, or points to, is not used."""
    published = Published(one=public(_RSA, "RS256"))
    process = Process(database, key_id=key_id, key_set=published, algorithm="RS256")
    evil = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    assert refusal(process, signed(evil, **header)) == FORGED


@pytest.mark.parametrize(
    "published",
    [
        public(_SHORT, "RS256"),
        public(_RSA, "RS256", alg="RS512"),
        public(_EC, "ES256"),
        {"kty": "oct", "k": b64(SECRET.encode())},
        {"kty": "RSA"},
        {},
    ],
)
def test_published_keys_that_are_no_use(
    database: Database, key_id: str, published: dict[str, Any]
) -> None:
    """One that is too short, for another algorithm, secret or broken finds no token right."""
    process = Process(database, key_id=key_id, key_set=Published(one=published), algorithm="RS256")
    signer = _SHORT if published.get("n") == public(_SHORT, "RS256")["n"] else _RSA
    assert refusal(process, signed(signer)) == FORGED


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"exp": int(time()) - 60}, "has expired"),
        ({"nbf": int(time()) + 86_400}, "not valid yet"),
        ({"iat": int(time()) + 86_400}, "not valid yet"),
        ({"aud": "somebody-else"}, "another audience"),
        ({"aud": [f"{AUDIENCE}.evil.test"]}, "another audience"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"exp": None}, "lacks a claim"),
        ({"aud": None}, "lacks a claim"),
        ({"sub": None}, "lacks a claim"),
        ({"iss": None}, "lacks a claim"),
        ({"sub": ""}, "1 to 255"),
        ({"sub": "a b"}, "1 to 255"),
        ({"sub": "x" * 256}, "1 to 255"),
    ],
)
def test_why_a_signed_token_is_not_taken(
    process: Process, said: dict[str, Any], reason: str
) -> None:
    """Who has one is told what is wrong with it, however often it comes: that is no guess."""
    sent = token(**said)
    for _ in range(throttle._WRONG + 5):
        assert reason in refusal(process, sent)


@pytest.mark.parametrize("seconds", [-5, 5])
def test_clocks_may_differ(process: Process, seconds: int) -> None:
    """Some seconds on either side are no reason."""
    name = "exp" if seconds < 0 else "nbf"
    said: dict[str, Any] = {name: int(time()) + seconds}
    assert process.identity.of(token(**said), HERE).user == "alice"


def test_a_list_of_audiences(process: Process) -> None:
    """A token for several services is for this one too, if it is named."""
    assert process.identity.of(token(aud=["other", AUDIENCE]), HERE).user == "alice"


def test_forgers_have_to_wait(process: Process) -> None:
    """Tokens that somebody else has signed are counted as wrong keys are."""
    for number in range(throttle._WRONG):
        forged = token("x" * 40, sub=str(number))
        assert refusal(process, forged) == FORGED
    with pytest.raises(TooMany):
        process.identity.of(token("x" * 40), HERE)


def test_a_huge_token_is_not_read(process: Process) -> None:
    """One that is longer than any header is refused, though it is signed."""
    assert refusal(process, token(more="x" * 10_000)) == FORGED


@examples(200)
@given(st.text("eyJAabc019._-", max_size=200) | st.from_regex(r"eyJ[\w-]*\.[\w-]*\.[\w-]*"))
def test_nothing_breaks_it(process: Process, sent: str) -> None:
    """Whatever has the form of a token is refused, or told that too many were."""
    with pytest.raises((NotAuthenticated, TooMany)):
        process.identity.of(sent, HERE)


@pytest.mark.parametrize("cut", ["header", "claims", "signature"])
def test_a_changed_letter(process: Process, cut: str) -> None:
    """What was changed on the way is nobody's."""
    parts = token().split(".")
    number = ["header", "claims", "signature"].index(cut)
    letter = parts[number][5]
    parts[number] = parts[number][:5] + ("A" if letter != "A" else "B") + parts[number][6:]
    assert refusal(process, ".".join(parts)) == FORGED


def test_depth_is_no_attack(process: Process) -> None:
    """A header or claims nested without end are refused, and nothing overflows."""
    deep = b64(b"[" * 4_000)
    header = b64(b'{"alg":"HS256"}')
    for sent in (f"{deep}.e30.x", f"{header}.{deep[:4000]}.x"):
        assert refusal(process, sent) == FORGED


def test_the_key_decides(database: Database) -> None:
    """Without its key in force, or without the scope users, no token is taken; keys are still."""
    key_id, key = Process(database).made()
    process = Process(database, key_id=key_id)
    process.keys.change(key_id, {"scopes": ["chat"]}, {})
    assert "scope users" in refusal(process, token())
    assert process.identity.of(key, HERE).owner == "ada"
    process.keys.revoke(key_id)
    assert "not in force" in refusal(process, token())
    assert process.identity.of(ADMIN, HERE).owner == "admin"


def test_it_is_remembered_no_longer_than_it_holds(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that was taken is refused from its end on."""
    monkeypatch.setattr("app.services.signing._LEEWAY", 0)
    sent = token(exp=int(time()) + 1)
    assert process.identity.of(sent, HERE).user == "alice"
    gevent.sleep(1.2)
    assert "has expired" in refusal(process, sent)


def test_without_a_configuration_a_token_is_a_wrong_key(database: Database) -> None:
    """Where tokens are not taken, one is what every other text is."""
    assert refusal(Process(database), token()) == "This key is not valid here."


def test_the_signature_is_checked_before_the_claims(process: Process) -> None:
    """Whose signature is wrong learns nothing of what the server asks for."""
    for said in ({"aud": "x"}, {"exp": 1}, {"iss": "x"}, {"sub": ""}):
        assert refusal(process, token("y" * 40, **said)) == FORGED
        process.identity._throttle = throttle.Throttle()
