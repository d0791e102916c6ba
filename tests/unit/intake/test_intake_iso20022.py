"""Messages of ISO 20022: found in any envelope, held to a schema, read transfer by transfer, and never trusted."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skarb.core.errors import ConfigurationError, InputError
from skarb.intake import Reading, read
from skarb.intake.iso20022.schemas import VARIABLE

ISO = "urn:iso:std:iso:20022:tech:xsd:"
PROFILE = "Skarb's reading profile, not the full schema"


def transfer(
    number: int = 1, amount: str = '<IntrBkSttlmAmt Ccy="EUR">10.50</IntrBkSttlmAmt>', extra: str = "", creditor: str = ""
) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><InstrId>I{number}</InstrId><EndToEndId>E{number}</EndToEndId></PmtId>{amount}{extra}"
        "<Dbtr><Nm>Anna</Nm></Dbtr><DbtrAcct><Id><IBAN>BY13NBRB3600900000002Z00AB00</IBAN></Id></DbtrAcct>"
        "<DbtrAgt><FinInstnId><BICFI>NBRBBY2X</BICFI></FinInstnId></DbtrAgt><CdtrAgt><FinInstnId><BICFI>DEUTDEFF</BICFI></FinInstnId></CdtrAgt>"
        + (creditor or "<Cdtr><Nm>Boris</Nm></Cdtr><CdtrAcct><Id><Othr><Id>4711</Id></Othr></Id></CdtrAcct>")
        + "<RmtInf><Ustrd>rent</Ustrd></RmtInf></CdtTrfTxInf>"
    )


def pacs008(*transfers: str, version: str = "08", count: int | None = None, head: str = "") -> str:
    transfers = transfers or (transfer(),)
    return (
        f'<Document xmlns="{ISO}pacs.008.001.{version}"><FIToFICstmrCdtTrf><GrpHdr><MsgId>M1</MsgId>'
        f"<CreDtTm>2026-03-01T12:00:00</CreDtTm><NbOfTxs>{len(transfers) if count is None else count}</NbOfTxs>{head}</GrpHdr>"
        + "".join(transfers)
        + "</FIToFICstmrCdtTrf></Document>"
    )


def pain001(version: str, when: str, bic: str = "BICFI") -> str:
    return (
        f'<Document xmlns="{ISO}pain.001.001.{version}"><CstmrCdtTrfInitn><GrpHdr><MsgId>M2</MsgId><CreDtTm>2026-03-01T12:00:00+03:00</CreDtTm>'
        "<NbOfTxs>2</NbOfTxs></GrpHdr><PmtInf><PmtInfId>P1</PmtInfId><PmtMtd>TRF</PmtMtd>"
        f"<ReqdExctnDt>{when}</ReqdExctnDt><Dbtr><Nm>Anna</Nm></Dbtr>"
        f"<DbtrAcct><Id><Othr><Id>77</Id></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId><{bic}>NBRBBY2X</{bic}></FinInstnId></DbtrAgt>"
        + "".join(
            f"<CdtTrfTxInf><PmtId><EndToEndId>E{n}</EndToEndId></PmtId><Amt>{amount}</Amt><Cdtr><Nm>Boris</Nm></Cdtr></CdtTrfTxInf>"
            for n, amount in (
                (1, '<InstdAmt Ccy="BYN">+7.5</InstdAmt>'),
                (2, '<EqvtAmt><Amt Ccy="USD">.5</Amt><CcyOfTrf>EUR</CcyOfTrf></EqvtAmt>'),
            )
        )
        + "</PmtInf></CstmrCdtTrfInitn></Document>"
    )


def reading_of(tmp_path: Path, content: str | bytes, **options: object) -> Reading:
    path = tmp_path / "m.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (reading,) = read(path, **options)
    assert sorted([*reading.rows, *reading.refused]) == list(range(1, reading.total + 1))
    return reading


def test_a_transfer_becomes_an_instruction(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, pacs008())
    (i,) = reading.instructions
    assert (i.id, i.activity, i.asset, i.amount, i.end_to_end_id, i.purpose) == (
        "M1/I1",
        "fiat_pay",
        "EUR",
        "10.50",
        "E1",
        "rent",
    )
    assert (i.party, i.counterparty) == ("BY13NBRB3600900000002Z00AB00", "DEUTDEFF:4711")
    assert i.at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert i.declared == {"settlement": "bank_transfer", "account_kind": "bank_account", "cross_border": True}
    assert reading.mapping == "pacs.008.001.08" and reading.notes == (f"pacs.008.001.08 checked against {PROFILE}",)
    assert reading.assumptions.observed and reading.assumptions.party.identified
    assert reading_of(tmp_path, pacs008(), zone="Europe/Minsk").instructions[0].at == datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("version", ["02", "06", "08", "13", "27"])
def test_every_version_is_read(tmp_path: Path, version: str) -> None:
    assert reading_of(tmp_path, pacs008(version=version)).instructions


@pytest.mark.parametrize(
    ("version", "when", "bic"),
    [("03", "2026-03-02", "BIC"), ("09", "<Dt>2026-03-02</Dt>", "BICFI"), ("12", "<DtTm>2026-03-02T10:00:00Z</DtTm>", "BICFI")],
)
def test_an_initiation_keeps_its_debtor_beside_the_transfers(tmp_path: Path, version: str, when: str, bic: str) -> None:
    first, second = reading_of(tmp_path, pain001(version, when, bic)).instructions
    assert (first.party, first.counterparty, first.amount, first.asset) == ("NBRBBY2X:77", "Boris", "7.5", "BYN")
    assert (second.party, second.amount, second.asset) == ("NBRBBY2X:77", "0.5", "USD")
    assert first.at == datetime(2026, 3, 1, 9, tzinfo=UTC) and first.id == "M2/E1"


def test_the_acceptance_of_an_order_comes_before_the_creation_of_its_message(tmp_path: Path) -> None:
    extra = "<AccptncDtTm>2026-02-28T10:00:00+03:00</AccptncDtTm>"
    assert reading_of(tmp_path, pacs008(transfer(extra=extra))).instructions[0].at == datetime(2026, 2, 28, 7, tzinfo=UTC)


def test_ids_are_distinct_bounded_and_the_same_again(tmp_path: Path) -> None:
    uetr = "<UETR>174c245f-2682-4291-ad67-2a41e530cd27</UETR>"
    long = pacs008(*(transfer().replace("</EndToEndId>", f"</EndToEndId>{uetr}") for _ in range(3))).replace("M1", "M" * 35)
    found = [[i.id for i in reading_of(tmp_path, long).instructions] for _ in range(2)]
    assert found[0] == found[1] and len(set(found[0])) == 3 and all(len(text) <= 64 for text in found[0])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<EndToEndId>E1</EndToEndId>", "E1"),
        ("<EndToEndId>NOTPROVIDED</EndToEndId>", None),
        ("<EndToEndId>NotProvided</EndToEndId>", None),
        (
            "<EndToEndId>NOTPROVIDED</EndToEndId><UETR>174c245f-2682-4291-ad67-2a41e530cd27</UETR>",
            "174c245f-2682-4291-ad67-2a41e530cd27",
        ),
        ("<EndToEndId>E1</EndToEndId><UETR>174c245f-2682-4291-ad67-2a41e530cd27</UETR>", "174c245f-2682-4291-ad67-2a41e530cd27"),
    ],
)
def test_both_ends_call_a_payment_by_the_strongest_id_it_has(tmp_path: Path, given: str, expected: str | None) -> None:
    message = pacs008(transfer().replace("<EndToEndId>E1</EndToEndId>", given))
    assert [one.end_to_end_id for one in reading_of(tmp_path, message).instructions] == [expected]


WRAPPED = {
    "header": f'<Envelope xmlns="urn:swift:xsd:envelope"><AppHdr xmlns="{ISO}head.001.001.02"><MsgDefIdr>%s</MsgDefIdr></AppHdr>'
    + pacs008()
    + "</Envelope>",
    "request": f'<R:Request xmlns:R="http://www.example.com"><R:Head/><R:Payload>{pacs008()}</R:Payload></R:Request>',
    "prefixed": pacs008()
    .replace(f'xmlns="{ISO}', f'xmlns:p="{ISO}')
    .replace("</", "</p:")
    .replace("<", "<p:")
    .replace("<p:/p:", "</p:"),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_envelopes_and_prefixes_do_not_matter(tmp_path: Path, kind: str) -> None:
    assert [i.id for i in reading_of(tmp_path, WRAPPED[kind].replace("%s", "pacs.008.001.08")).instructions] == ["M1/I1"]


def test_a_rail_may_rename_the_root(tmp_path: Path) -> None:
    body = pacs008().replace(f'<Document xmlns="{ISO}pacs.008.001.08">', "").replace("</Document>", "")
    body = body.replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:")
    content = (
        f'<Message xmlns="urn:rail" xmlns:p="{ISO}pacs.008.001.08"><AppHdr/><CreditTransfer>{body}</CreditTransfer></Message>'
    )
    assert [i.id for i in reading_of(tmp_path, content).instructions] == ["M1/I1"]


def test_a_header_that_names_another_message_refuses_it(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, WRAPPED["header"].replace("%s", "pacs.009.001.08"))
    assert not reading.instructions and reading.refused == [1]
    assert "AppHdr/MsgDefIdr: given 'pacs.009.001.08', expected pacs.008.001.08, the message that follows" in str(
        reading.problems[0]
    )


def test_a_message_without_transactions_is_an_error(tmp_path: Path) -> None:
    content = pacs008().replace(transfer(), "").replace("<NbOfTxs>1<", "<NbOfTxs>0<")
    with pytest.raises(
        InputError, match=r"m\.xml line 1, FIToFICstmrCdtTrf: given 'FIToFICstmrCdtTrf that ends too early', expected CdtTrfTxInf"
    ):
        reading_of(tmp_path, content)


def test_several_messages_in_a_file_stand_for_themselves(tmp_path: Path) -> None:
    bad = pacs008(transfer(2)).replace("BY13NBRB3600900000002Z00AB00", "not an account")
    reading = reading_of(tmp_path, f"<All>{pacs008()}{bad}{pain001('09', '<Dt>2026-03-02</Dt>')}</All>")
    assert reading.rows == [1, 3, 4] and reading.refused == [2] and reading.mapping == "pacs.008.001.08, pain.001.001.09"


def test_a_wrong_count_of_transactions_refuses_the_message(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, pacs008(transfer(1), transfer(2), count=3))
    assert reading.refused == [1, 2] and "given '3', expected 2, the number of transactions" in str(reading.problems[0])


@pytest.mark.parametrize(
    ("old", "new", "field", "given", "expected"),
    [
        ("BY13NBRB3600900000002Z00AB00", "by13", "IBAN", "by13", "a text like [A-Z]{2}[0-9]{2}"),
        ("NBRBBY2X", "NBRB", "BICFI", "NBRB", "a text like [A-Z0-9]{4}"),
        ("2026-03-01T12:00:00", "2026-02-30T12:00:00", "CreDtTm", "2026-02-30T12:00:00", "a value of the type xs:dateTime"),
        ('Ccy="EUR"', 'Ccy="euro"', "IntrBkSttlmAmt/@Ccy", "euro", "a text like [A-Z]{3}"),
        (' Ccy="EUR"', "", "IntrBkSttlmAmt", "no attribute Ccy", "the attribute Ccy"),
        (">10.50<", ">ten<", "IntrBkSttlmAmt", "ten", "a value of the type Decimal"),
        (">10.50<", ">-10.50<", "IntrBkSttlmAmt", "-10.50", "at least 0"),
        (">10.50<", ">1234567890123456789.5<", "IntrBkSttlmAmt", "1234567890123456789.5", "at most 18 digits"),
        ("<MsgId>M1</MsgId>", "", "GrpHdr", "nothing", "the element MsgId"),
        ("<EndToEndId>E1</EndToEndId>", "", "PmtId", "nothing", "the element EndToEndId"),
        ("<EndToEndId>E1<", f"<EndToEndId>{'E' * 36}<", "EndToEndId", "36 characters", "at most 35"),
        ("<NbOfTxs>1<", "<NbOfTxs>one<", "NbOfTxs", "one", "a text like [0-9]{1,15}"),
    ],
)
def test_what_the_profile_does_not_accept(tmp_path: Path, old: str, new: str, field: str, given: str, expected: str) -> None:
    content = pacs008()
    assert old in content
    reading = reading_of(tmp_path, content.replace(old, new, 1).replace("><", ">\n<"))
    assert not reading.instructions and reading.refused == [1]
    problem = next(p for p in reading.problems if p.field == field)
    assert problem.given == given and expected in problem.expected and problem.where.startswith("m.xml line ")


@pytest.mark.parametrize(
    ("bad", "field", "given", "expected"),
    [
        (
            transfer(2, '<IntrBkSttlmAmt Ccy="XAU">1</IntrBkSttlmAmt>'),
            "IntrBkSttlmAmt/@Ccy",
            "XAU",
            "a currency of ISO 4217 with a smallest unit",
        ),
        (
            transfer(2, '<IntrBkSttlmAmt Ccy="EUR">1</IntrBkSttlmAmt><InstdAmt Ccy="XXX">1</InstdAmt>'),
            "InstdAmt/@Ccy",
            "XXX",
            "a currency of ISO 4217",
        ),
        (transfer(2, '<IntrBkSttlmAmt Ccy="JPY">1.5</IntrBkSttlmAmt>'), "IntrBkSttlmAmt", "1.5", "JPY with no decimals"),
        (transfer(2, '<IntrBkSttlmAmt Ccy="EUR">0.00</IntrBkSttlmAmt>'), "IntrBkSttlmAmt", "0.00", "above 0"),
        (transfer(2, ""), "Amt", "nothing", "InstdAmt, EqvtAmt or IntrBkSttlmAmt"),
        (transfer(2, extra="<AccptncDtTm>0024-01-01T00:00:00Z</AccptncDtTm>"), "at", "0024-01-01", "between 1901 and 2169"),
        (
            transfer(2).replace("<Dbtr><Nm>Anna</Nm></Dbtr>", "<Dbtr/>").replace("DbtrAcct", "X"),
            "Dbtr",
            "nothing that names",
            "an account, a name",
        ),
    ],
)
def test_a_transfer_that_cannot_be_used_stops_no_other(tmp_path: Path, bad: str, field: str, given: str, expected: str) -> None:
    reading = reading_of(tmp_path, pacs008(transfer(1), bad, transfer(3)))
    assert reading.rows == [1, 3] and reading.refused == [2]
    (problem,) = reading.problems
    assert problem.field == field and problem.given.startswith(given) and expected in problem.expected


def test_a_creditor_nobody_names_is_left_open(tmp_path: Path) -> None:
    assert reading_of(tmp_path, pacs008(transfer(creditor="<Cdtr/>"))).instructions[0].counterparty is None


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE Document [<!ENTITY l0 "lol">{BOMB}]>' + pacs008().replace("rent", "&l9;"),
    "in an attribute": f'<!DOCTYPE Document [<!ENTITY l0 "EUR">{BOMB}]>' + pacs008().replace('"EUR"', '"&l9;"'),
    "another file": '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + pacs008().replace("rent", "&x;"),
    "the network": '<!DOCTYPE Document SYSTEM "http://example.com/x.dtd">' + pacs008(),
    "parameter entity": '<!DOCTYPE Document [<!ENTITY % x SYSTEM "http://example.com/x"> %x;]>' + pacs008(),
    "after a comment": '<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE Document>' + pacs008(),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_are_refused_unread(tmp_path: Path, kind: str, encoding: str) -> None:
    with pytest.raises(InputError, match=r"m\.xml: line \d+: given a document type declaration \(<!DOCTYPE …>\), expected none"):
        reading_of(tmp_path, HOSTILE[kind].encode(encoding))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pacs008()[:-30].encode(), "line 1 column"),
        (pacs008().replace("rent", "&unknown;").encode(), "not well formed"),
        (pacs008().replace("rent", "Мінск").encode("cp1251"), r"byte \d+: given 0xed, expected UTF-8 as declared"),
        (("<a>" * 5000 + "</a>" * 5000).encode(), "not well formed"),
        (b'<?xml version="1.0" encoding="gbk"?>' + pacs008().encode(), "line 1: given an encoding that is not read"),
        (b'<?xml version="1.0" encoding="none-8"?>' + pacs008().encode(), "unknown encoding: none-8"),
        (b"<a/>", "given the root element 'a', expected ISO 20022 messages pain.001 or pacs.008"),
        (pacs008().replace("pacs.008", "pacs.009").encode(), "given pacs.009.001.08, expected ISO 20022 messages"),
        (pacs008().replace(ISO, "urn:other:").encode(), "given urn:other:pacs.008.001.08"),
        (f"<A>{pacs008()}{pacs008().replace('pacs.008', 'camt.053')}</A>".encode(), "given camt.053.001.08"),
    ],
)
def test_files_that_are_no_messages(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        reading_of(tmp_path, content)


def test_other_encodings_and_archives(tmp_path: Path) -> None:
    text = pacs008().replace("rent", "Мінск")
    declared = '<?xml version="1.0" encoding="windows-1251"?>' + text
    for content in (text.encode("utf-8-sig"), text.encode("utf-16"), declared.encode("cp1251"), gzip.compress(text.encode())):
        assert reading_of(tmp_path, content).instructions[0].purpose == "Мінск"


SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{ISO}pacs.008.001.08" elementFormDefault="qualified">
<xs:element name="Document"><xs:complexType><xs:sequence><xs:element name="OtherBody"/></xs:sequence></xs:complexType></xs:element></xs:schema>"""


def test_a_schema_is_found_where_it_is_given_set_or_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, inner = tmp_path / "schemas", tmp_path / "a" / "b"
    folder.mkdir()
    inner.mkdir(parents=True)
    (folder / "pacs.008.001.08.xsd").write_text(SCHEMA)
    archive = tmp_path / "some.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("deep/pacs.008.001.08.xsd", SCHEMA)
    for place in (folder, archive, folder / "pacs.008.001.08.xsd"):
        reading = reading_of(inner, pacs008(), schemas=place)
        assert not reading.instructions and "pacs.008.001.08.xsd" in reading.notes[0] and PROFILE not in reading.notes[0]
        assert any(p.given == "FIToFICstmrCdtTrf" and p.expected == "OtherBody here" for p in reading.problems)
    monkeypatch.setenv(VARIABLE, str(folder))
    assert not reading_of(inner, pacs008()).instructions
    monkeypatch.delenv(VARIABLE)
    assert reading_of(inner, pacs008()).instructions
    archive.rename(tmp_path / "a" / "xsd.zip")
    assert reading_of(inner, pacs008()).notes == ("pacs.008.001.08 checked against pacs.008.001.08.xsd of xsd.zip",)
    assert reading_of(inner, pacs008(version="09")).notes == (f"pacs.008.001.09 checked against {PROFILE}",)


def test_schemas_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such folder or zip"):
        reading_of(tmp_path, pacs008(), schemas=tmp_path / "none")
    for content, said in (
        (SCHEMA.replace("pacs.008", "pacs.009"), "expected one for"),
        (SCHEMA[:-5], "not a schema that compiles"),
    ):
        (tmp_path / "pacs.008.001.08.xsd").write_text(content)
        with pytest.raises(ConfigurationError, match=said):
            reading_of(tmp_path, pacs008())


def test_batches_count_on(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(
        pacs008(*(transfer(n, "" if n % 5 == 0 else '<IntrBkSttlmAmt Ccy="EUR">1</IntrBkSttlmAmt>') for n in range(1, 26)))
    )
    readings = list(read(path, batch=4))
    assert [r.total for r in readings] == [4, 8, 12, 16, 20, 24, 25] and {r.expected for r in readings} == {25}
    assert [row for r in readings for row in r.refused] == [5, 10, 15, 20, 25]
