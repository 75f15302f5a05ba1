"""A small real issuer of access tokens: it publishes its keys over HTTP, and changes them when it is told to."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.fake_clock import MORNING

AUDIENCE = "inscriptions"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _new_key(algorithm: str) -> PrivateKey:
    match algorithm[:2]:
        case "ES":
            return ec.generate_private_key(ec.SECP256R1())
        case "Ed":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65537, 2048)


def _jwk_of(key: PrivateKey) -> dict[str, Any]:
    """The public half, as a JWK."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return RSAAlgorithm.to_jwk(public, as_dict=True)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return ECAlgorithm.to_jwk(public, as_dict=True)
    return OKPAlgorithm.to_jwk(public, as_dict=True)


class TokenIssuer:
    """`key_requests` counts how often its keys were read; `is_down` makes it answer 503."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/realms/etat"
        self.key_requests = 0
        self.is_down = False
        self.metadata: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/certs"}
        self.published_keys: list[dict[str, Any]] = []
        self.rotate("RS256")

    def rotate(self, algorithm: str) -> None:
        """Sign with a new key from now on, and publish no other."""
        self.algorithm, self.key, self.key_id = algorithm, _new_key(algorithm), str(uuid4())
        described = _jwk_of(self.key) | {"kid": self.key_id, "use": "sig", "alg": algorithm}
        self.published_keys = [described]

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if self.is_down:
            return 503, {}
        if path == "/realms/etat/.well-known/openid-configuration":
            return 200, self.metadata
        if path == "/realms/etat/certs":
            self.key_requests += 1
            return 200, {"keys": self.published_keys}
        return 404, {}

    def claims(self, **others: Any) -> dict[str, Any]:
        """A token of the client `coop` for an hour; None leaves a claim out."""
        now = int(MORNING.timestamp())
        usual = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "coop",
            "client_id": "coop",
            "iat": now,
            "exp": now + 3600,
            "jti": str(uuid4()),
        }
        return {name: value for name, value in (usual | others).items() if value is not None}

    def token(self, *, typ: str | None = "at+jwt", kid: str | None = None, **claims: Any) -> str:
        headers = {"typ": typ, "kid": kid or self.key_id}
        return jwt.encode(self.claims(**claims), self.key, self.algorithm, headers=headers)


@contextmanager
def running_issuer() -> Generator[TokenIssuer]:
    """An issuer that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = issuer.answer(self.path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = TokenIssuer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield issuer
        server.shutdown()
        thread.join()
