"""The way to another provider: HTTPS with a certificate on either side, a limit on everything, and few attempts.

Before a byte of a message goes out, the certificate at the other end must be one that the register names for the provider we
mean. What does not answer is asked again a few times with the same request identifier, so nothing happens twice; what is
refused is not asked again.
Source: RFC 8446 (TLS 1.3), RFC 9110 (HTTP).
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from skarb.core.errors import ConfigurationError, NotAllowed, NotFound, Unavailable
from skarb.travelrule.messages import API_VERSION
from skarb.travelrule.reading import LARGEST

SECONDS = 10.0  # for connecting, and for each piece of an answer
ATTEMPTS = 3
_AGAIN = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are on the wire, and whose word we take for who others are. All files are PEM."""

    certificate: Path
    key: Path
    trust: Path  # certificate authorities

    def context(self, *, server: bool) -> ssl.SSLContext:
        """Return the settings of connections in which both sides show a certificate.

        Raises: NotFound, ConfigurationError
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for path in (self.certificate, self.key, self.trust):
            if not path.is_file():
                raise NotFound(f"there is no file {path}; office.yaml names it")
        try:
            context.load_verify_locations(cafile=self.trust)
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            raise ConfigurationError(
                f"{self.certificate}, {self.key} or {self.trust} is not what it should be ({error})"
            ) from None
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; a server needs one that opens by itself and only its owner can read")


def fingerprint_of(path: Path) -> str:
    """Return the fingerprint of the first certificate in a PEM file: SHA-256 of its DER form, hex.

    Raises: NotFound, ConfigurationError
    """
    try:
        return fingerprint(x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER))
    except FileNotFoundError:
        raise NotFound(f"there is no certificate {path}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not a certificate in PEM ({error})") from None


def fingerprint(certificate: bytes) -> str:
    """Return the fingerprint of a certificate in DER."""
    return sha256(certificate).hexdigest()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    version: str = ""  # of the protocol, as the other side says in its header
    media: str = ""  # what the body is; empty for the protocol's own


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    expected: Collection[str],
    *,
    seconds: float = SECONDS,
    attempts: int = ATTEMPTS,
    pause: Callable[[int], None] = lambda attempt: None,
) -> Reply:
    """Send a message to a provider whose certificate has one of the expected fingerprints.

    Raises: NotAllowed if one side does not believe the other; Unavailable if nothing answers
    """
    context = credentials.context(server=False)
    said = ""
    for attempt in range(attempts):
        if attempt:
            pause(attempt)
        try:
            reply = _once(url, headers, body, context, expected, seconds)
        except ssl.SSLCertVerificationError as error:
            raise NotAllowed(f"{url}: the certificate there is not to be believed ({error.verify_message})") from None
        except ssl.SSLError as error:
            if "alert" in str(error).lower():
                raise NotAllowed(f"{url}: the other side does not believe our certificate ({error.reason})") from None
            said = str(error)
        except (OSError, http.client.HTTPException) as error:
            said = str(error) or type(error).__name__
        else:
            if reply.status not in _AGAIN:
                return reply
            said = f"status {reply.status}"
    raise Unavailable(f"{url} does not answer after {attempts} attempts ({said}); it is kept and can be sent again")


def _once(
    url: str, headers: Mapping[str, str], body: bytes, context: ssl.SSLContext, expected: Collection[str], seconds: float
) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port or 443, timeout=seconds, context=context)
    try:
        connection.connect()
        shown = connection.sock.getpeercert(binary_form=True) or b""
        if fingerprint(shown) not in expected:
            raise NotAllowed(f"{url}: its certificate {fingerprint(shown)} is none that the register names for this provider")
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers))
        response = connection.getresponse()
        answer = response.read(LARGEST + 1)
        if len(answer) > LARGEST:
            raise Unavailable(f"{url} answers with more than {LARGEST} bytes")
        return Reply(response.status, answer, (response.getheader(API_VERSION) or "").strip())
    finally:
        connection.close()
