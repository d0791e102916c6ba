"""Two providers on this machine, each with registers, an office, a server and a book; and the certificates they show each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from skarb.app.law import law_folder, rulebook_of
from skarb.app.looks import Looks
from skarb.app.setting import open_registers, screen_of
from skarb.app.travel.directory import Directory
from skarb.app.travel.keys import add_key, read_keys
from skarb.app.travel.office import Office
from skarb.app.travel.persons import Persons
from skarb.app.travel.ruling import asking
from skarb.app.travel.server import Listening
from skarb.app.travel.setting import screen_now
from skarb.app.travel.shelf import Shelf
from skarb.app.travel.standing import standing_of
from skarb.app.travel.wire import Credentials, Reply, fingerprint_of, post
from skarb.core.instruction import Instruction
from skarb.core.screening_list import ScreeningList
from skarb.desk import Desk, open_desk
from skarb.products import products
from skarb.registers import Admission, Party, Registers, Wallet
from skarb.store.sealed import SealedStore
from skarb.travelrule.constraints import Rules
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.payload import check_tree
from skarb.travelrule.required import load_requirements

LONG_AGO = date(1991, 1, 1)
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
PAY_TO = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"  # hosted by beta
OTHER = "12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJX"  # hosted by beta, too
LEIS = {"alpha": "506700T7Z685VUOZL877", "beta": "TVYD005I7Q5IJK0EMI53"}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Authority:
    """A certificate authority of a test; certificates are valid for a day around now unless said otherwise."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.trust = folder / f"{name}.pem"
        builder = self._builder(self._name, self._key, timedelta(days=1))
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = (
            builder.add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(usage, True)
            .sign(self._key, hashes.SHA256())
        )
        self.trust.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=2))
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return builder.not_valid_after(now + lasts).add_extension(identifier, False)

    def certify(self, name: str, trust: Path | None = None, lasts: timedelta = timedelta(days=1)) -> Credentials:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, lasts)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        made = builder.add_extension(names, False).sign(self._key, hashes.SHA256())
        certificate, secret = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return Credentials(certificate, secret, trust or self.trust)


@dataclass
class House:
    """One provider."""

    name: str
    folder: Path
    credentials: Credentials
    registers: Registers
    shelf: Shelf
    office: Office
    port: int = 0
    calls: list[str] = field(default_factory=list)

    def send(self, url: str, headers: dict[str, str], body: bytes, expected: Any) -> Reply:
        self.calls.append(url)
        return post(url, headers, body, self.credentials, expected, seconds=60, attempts=1)

    def deliver(self) -> list[tuple[str, int]]:
        return [(one.kind, one.status) for one in self.office.deliver(self.send)]

    def desk(self, clock: Clock) -> Desk:
        rulebook = rulebook_of("zz")
        return open_desk(
            self.folder / f"{self.name}.book",
            rulebook=rulebook,
            registers=self.registers,
            screen=screen_of(self.registers),
            products=products(),
            operator=self.name,
            clock=clock,
            name=self.name,
            travel=standing_of(self.shelf, self.office.persons, posting=True),
        )


@dataclass
class Pair:
    """Two providers that know each other."""

    alpha: House
    beta: House
    authority: Authority
    clock: Clock


@contextmanager
def open_pair(folder: Path, pay_to: str | None = None) -> Iterator[Pair]:
    """Open both; beta is of a country whose law wants more to travel, and answers by itself if it is told where its clients are paid."""
    clock, authority = Clock(), Authority(folder, "authority")
    papers = {name: authority.certify(name) for name in ("alpha", "beta")}
    entries = [
        *(
            Party(party=name, kind="legal_entity", country="ZZ", resident=True, identified=True, valid_from=LONG_AGO, lei=LEIS[name],
                  name=name.title(), certificates=(fingerprint_of(papers[name].certificate),))
            for name in papers
        ),
        *(Admission(party=name, gate=gate, licence="crypto_bank", valid_from=LONG_AGO) for name in papers for gate in ("regime", "central_bank")),
        *(Party(party=name, kind="natural_person", country="ZZ", resident=True, identified=True, valid_from=LONG_AGO) for name in ("anna", "boris")),
        *(Wallet(wallet=f"BTC:{one}", hosting="hosted", country="ZZ", provider="beta", valid_from=LONG_AGO) for one in (PAY_TO, OTHER)),
        Wallet(wallet="BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", hosting="unhosted", party="anna", valid_from=LONG_AGO),
    ]  # fmt: skip
    with ExitStack() as stack:
        houses = {}
        for name, law in (("alpha", "zz"), ("beta", "by")):
            place = folder / name
            place.mkdir()
            registers = open_registers("zz", place, clock)
            assert not registers.record(entries, "the pair").problems
            registers.record_list(
                ScreeningList(list="own", regime="national", publisher="us", version="1", published=NOW.date(), entries=()), "us"
            )
            add_key(place / "sealing.keys", "first")
            store = stack.enter_context(SealedStore(place / "payloads.db"))
            shelf = Shelf(store, read_keys(place / "sealing.keys"), Looks(place / "looks.jsonl", clock))
            current = lambda registers=registers: registers  # noqa: E731 (each of the two its own)
            office = Office(
                shelf, Directory(lambda registers=registers: registers), party=name, url="https://localhost",
                requirements=load_requirements(law_folder(law)),
                clock=clock, zone="Europe/Minsk", persons=Persons(screen_now(current), clock, shelf, registers.described),
                law=asking(rulebook_of(law), current, name), pay_to={"*": pay_to} if pay_to and name == "beta" else None,
            )  # fmt: skip
            house = houses[name] = House(name, place, papers[name], registers, shelf, office)
            house.port = stack.enter_context(Listening(office, papers[name], "127.0.0.1", 0)).port
            office.means.url = f"https://localhost:{house.port}"
        yield Pair(houses["alpha"], houses["beta"], authority, clock)


def person(first: str, last: str, *, kind: str = "LEGL", account: str = "", **more: Any) -> dict[str, Any]:
    name = {"primaryIdentifier": last, "secondaryIdentifier": first, "naturalPersonNameIdentifierType": kind}
    accounts = {"accountNumber": [account]} if account else {}
    return {"naturalPerson": {"name": {"nameIdentifier": [name]}, **more}, **accounts}


def payload_tree(*, account: str = "A-1", beneficiary: dict[str, Any] | None = None, lei: str = LEIS["alpha"]) -> dict[str, Any]:
    """A payload that is complete in either country, unless said otherwise."""
    identity = {"nationalIdentifier": lei, "nationalIdentifierType": "LEIX"}
    names = [{"legalPersonName": "Alpha", "legalPersonNameIdentifierType": "LEGL"}]
    return {
        "originator": {"originatorPerson": [person("Anna", "Kupala", account=account, customerIdentification="17")]},
        "beneficiary": {"beneficiaryPerson": [beneficiary or person("Boris", "Kolas")]},
        "originatingVASP": {
            "originatingVASP": {"legalPerson": {"name": {"nameIdentifier": names}, "nationalIdentification": identity}}
        },
    }


def payload(**given: Any) -> IdentityPayload:
    checked = check_tree(payload_tree(**given), Rules(20_000))
    assert checked.value is not None, checked.findings
    return checked.value


def transfer(
    name: str, activity: str = "token_transfer_out", amount: str = "0.5", party: str = "anna", **more: Any
) -> Instruction:
    given = {
        "id": name,
        "at": NOW,
        "activity": activity,
        "party": party,
        "asset": "BTC",
        "amount": amount,
        "entered_by": "olga",
        **more,
    }
    return msgspec.convert(given, Instruction)


HALF = Decimal("0.5")
