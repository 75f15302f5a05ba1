"""La même vérification sans bibliothèque, pour l’écrire dans un autre langage."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

TOLERANCE = 5 * 60  # secondes


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """`now` en secondes depuis 1970 ; les noms de `headers` en minuscules."""
    id_, sent_at, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not sent_at.isdecimal() or abs(now - int(sent_at)) > TOLERANCE:
        return False
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{id_}.{sent_at}.".encode() + body
    expected = "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()
    # Plusieurs signatures pendant qu’un secret est remplacé ; comparées en temps constant.
    return any(hmac.compare_digest(expected.encode(), given) for given in signatures.encode().split())
