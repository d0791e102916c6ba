"""One credit transfer of a message becomes one instruction.

The debtor is the person for whom it is done. Parties go by their accounts, an account number that is no IBAN together with the
bank that keeps it, and by their names where no account is given. The instant is the acceptance of the order where it is
stated, else the creation of the message.
Source: ISO 20022 message definitions of pain.001 (customer credit transfer initiation) and pacs.008.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from skarb.core.asset import currencies
from skarb.core.errors import FieldError
from skarb.core.instruction import NOT_PROVIDED, Instruction
from skarb.intake.apply import shorten_id
from skarb.intake.check import check_all, check_amount
from skarb.intake.iso20022.messages import Message
from skarb.intake.times import read_instant

NAME_MAX = 140
PURPOSE_MAX = 500
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")


@dataclass
class Reader:
    """Reads the transfers of one file; remembers which ids were given out."""

    zone: str  # of times that name none
    _seen: dict[str, int] = field(default_factory=dict)

    def read(self, message: Message, transfer: Any) -> Instruction:
        """Return a transfer as an instruction.

        Raises: FieldError naming the element that cannot be used.
        """
        group = message.body.find(message.tag("GrpHdr"))
        parent = transfer.getparent()
        order = parent if parent.tag == message.tag("PmtInf") else transfer  # what the debtor stands in
        debtor = _party(message, order, "Dbtr")
        creditor = _party(message, transfer, "Cdtr")
        if debtor is None:
            raise FieldError("Dbtr", "nothing that names the debtor", "an account, a name or an identification")
        asset, amount = _amount(message, transfer)
        instruction = Instruction(
            id=self._id(message, group, transfer),
            at=self._instant(message, group, order, transfer),
            activity="fiat_pay",
            party=debtor,
            counterparty=creditor,
            asset=asset,
            amount=amount,
            end_to_end_id=_end_to_end_id(message, transfer),
            purpose=_purpose(message, transfer),
            declared=_declared(message, order, transfer),
        )
        check_all([instruction], None)
        return instruction

    def _id(self, message: Message, group: Any, transfer: Any) -> str:
        paths = ("PmtId/UETR", "PmtId/TxId", "PmtId/InstrId", "PmtId/EndToEndId")
        own = message.first(transfer, *paths)
        of_message = message.text(group, "MsgId") if group is not None else None
        if own is None or of_message is None:
            raise FieldError("PmtId", "no identification", "MsgId in the group header, and UETR, TxId, InstrId or EndToEndId")
        text = f"{of_message}/{own}"
        times = self._seen[text] = self._seen.get(text, 0) + 1
        return shorten_id(text if times == 1 else f"{text}#{times}")

    def _instant(self, message: Message, group: Any, order: Any, transfer: Any) -> datetime:
        for node, path in ((transfer, "AccptncDtTm"), (group, "CreDtTm"), (order, "ReqdExctnDt/DtTm")):
            text = message.text(node, path) if node is not None else None
            if text:
                return self._read(path, text)
        for node, path in (
            (order, "ReqdExctnDt/Dt"),
            (order, "ReqdExctnDt"),
            (transfer, "IntrBkSttlmDt"),
            (group, "IntrBkSttlmDt"),
        ):
            text = message.text(node, path) if node is not None else None
            if text and (found := _DATE.fullmatch(text)):
                return self._read(path, f"{found[1]}T00:00:00{found[2] or ''}")
        raise FieldError("CreDtTm", "nothing", "the instant of the message")

    def _read(self, path: str, text: str) -> datetime:
        try:
            return read_instant(text, "iso", self.zone)
        except FieldError as error:
            raise FieldError(path, text, error.expected) from None


def _end_to_end_id(message: Message, transfer: Any) -> str | None:
    """Return what both ends call the payment: the UETR, of which there is one in the world, else what the debtor gave, if he gave any."""
    found = message.first(transfer, "PmtId/UETR", "PmtId/EndToEndId")
    return None if found is None or found.upper() == NOT_PROVIDED else found


def _party(message: Message, node: Any, role: str) -> str | None:
    """Return what a debtor or creditor goes by."""
    iban = message.text(node, f"{role}Acct/Id/IBAN")
    if iban:
        return iban
    account = message.first(
        node,
        f"{role}Acct/Id/Othr/Id",
        f"{role}Acct/Id/BBAN",
        f"{role}Acct/Id/PrtryAcct/Id",
        f"{role}Acct/Id/UPIC",
        f"{role}Acct/Prxy/Id",
    )
    if account:
        bank = _bank(message, node, role)
        return f"{bank}:{account}"[:NAME_MAX] if bank else account[:NAME_MAX]
    ids = [f"{role}/Id/OrgId/{name}" for name in ("AnyBIC", "BICOrBEI", "LEI", "Othr/Id", "PrtryId/Id")]
    found = message.first(node, f"{role}/Nm", f"{role}/Pty/Nm", *ids, f"{role}/Id/PrvtId/Othr/Id", f"{role}/Id/PrvtId/OthrId/Id")
    return found[:NAME_MAX] if found else None


def _bank(message: Message, node: Any, role: str) -> str | None:
    return message.first(
        node,
        f"{role}Agt/FinInstnId/BICFI",
        f"{role}Agt/FinInstnId/BIC",
        f"{role}Agt/FinInstnId/CmbndId/BIC",
        f"{role}Agt/FinInstnId/ClrSysMmbId/MmbId",
    )


def _country(message: Message, node: Any, role: str) -> str | None:
    """Return the country of an account: of its IBAN, else of the bank that keeps it."""
    iban = message.text(node, f"{role}Acct/Id/IBAN")
    if iban:
        return iban[:2]
    bic = message.first(node, f"{role}Agt/FinInstnId/BICFI", f"{role}Agt/FinInstnId/BIC", f"{role}Agt/FinInstnId/CmbndId/BIC")
    return bic[4:6] if bic else None


def _declared(message: Message, order: Any, transfer: Any) -> dict[str, bool | int | str]:
    declared: dict[str, bool | int | str] = {"settlement": "bank_transfer", "account_kind": "bank_account"}
    here, there = _country(message, order, "Dbtr"), _country(message, transfer, "Cdtr")
    if here and there and here != there:
        declared["cross_border"] = True
    return declared


def _amount(message: Message, transfer: Any) -> tuple[str, str]:
    """Return currency and amount: what the debtor instructed, else what the banks settle. Both must be money."""
    chosen: tuple[str, str] | None = None
    for path in ("Amt/InstdAmt", "Amt/EqvtAmt/Amt", "InstdAmt", "IntrBkSttlmAmt"):
        node = transfer.find("/".join(message.tag(step) for step in path.split("/")))
        if node is None:
            continue
        code, text = node.get("Ccy", ""), _plain(node.text or "")
        currency = currencies().get(code)
        name = etree.QName(node).localname
        if currency is None:
            raise FieldError(
                f"{name}/@Ccy", code, "a currency of ISO 4217 with a smallest unit (precious metals and test codes have none)"
            )
        check_amount(name, text, code, currency.decimals)
        if not text.strip("0."):
            raise FieldError(name, text, "above 0")
        chosen = chosen or (code, text)
    if chosen is None:
        raise FieldError("Amt", "nothing", "InstdAmt, EqvtAmt or IntrBkSttlmAmt")
    return chosen


def _plain(text: str) -> str:
    """Write a decimal of XML Schema plainly: it may begin with a plus or a point, or end with a point."""
    text = text.strip().removeprefix("+")
    return ("0" if text.startswith(".") else "") + text.removesuffix(".")


def _purpose(message: Message, transfer: Any) -> str | None:
    words = [found for path in ("Purp/Cd", "Purp/Prtry") if (found := message.text(transfer, path))]
    remittance = transfer.find(message.tag("RmtInf"))
    if remittance is not None:
        words += [node.text.strip() for node in remittance.iter(message.tag("Ustrd")) if node.text and node.text.strip()]
        reference = message.text(remittance, "Strd/CdtrRefInf/Ref")
        words += [reference] if reference else []
    text = "; ".join(words)
    return (text if len(text) <= PURPOSE_MAX else text[: PURPOSE_MAX - 1] + "…") or None
