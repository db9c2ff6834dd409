"""A private certificate authority, as a company has one, made with the `openssl` program."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.server.process import require

LOCAL = "DNS:localhost,DNS:model.test,IP:127.0.0.1"
_EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


@dataclass(frozen=True)
class Authority:
    """`file` is its own certificate, in PEM; `folder` has it under the hash that OpenSSL wants."""

    file: Path
    folder: Path

    @classmethod
    def found(cls, folder: Path) -> Authority:
        made = cls(folder / "ca.pem", folder / "trusted")
        _openssl(
            *["req", "-x509", *_EC_KEY, "-days", "2", "-subj", "/CN=Private CA"],
            *["-keyout", folder / "ca.key", "-out", made.file],
        )
        made.folder.mkdir()
        subject = _openssl("x509", "-hash", "-noout", "-in", made.file).strip()
        (made.folder / f"{subject}.0").write_bytes(made.file.read_bytes())
        return made

    @cache  # noqa: B019  # there is one authority, and it stays as long as the tests do
    def server(self, names: str = LOCAL, days: int = 2) -> ssl.SSLContext:
        """What a server with a certificate for `names` (DNS:… and IP:…) needs.

        With 0 `days` the certificate has expired when it is made.
        """
        stem = self.file.parent / names.replace(":", "-")
        key, request, extension, certificate = (
            stem.with_name(f"{stem.name}-{days}.{kind}") for kind in ("key", "csr", "ext", "pem")
        )
        _openssl("req", *_EC_KEY, "-subj", "/CN=server", "-keyout", key, "-out", request)
        extension.write_text(f"subjectAltName={names}\n")
        _openssl(
            *["x509", "-req", "-in", request, "-days", str(days), "-extfile", extension],
            *["-CA", self.file, "-CAkey", self.file.with_suffix(".key"), "-CAcreateserial"],
            *["-out", certificate],
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


def _openssl(*args: object) -> str:
    done = subprocess.run(
        [require("openssl"), *map(str, args)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout
