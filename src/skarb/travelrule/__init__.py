"""The travel rule: what must be told about originator and beneficiary of a transfer, and the exchange in which it is told.

`payload` reads, checks and writes IVMS 101.2023; `messages` the Travel Rule Protocol; `required` says what the law wants and
what a payload lacks; `exchange` is the course of one exchange. Pure: no network, no store, no clock. Who sends and keeps all
this is `skarb.app.travel`.
"""

from skarb.travelrule.address import make_travel_address, read_travel_address
from skarb.travelrule.constraints import Rules
from skarb.travelrule.findings import Finding, valid
from skarb.travelrule.messages import Inquiry, Message, read_message, write_message
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.payload import Checked, check, read_part, read_payload, write_payload
from skarb.travelrule.required import REQUIREMENTS, Requirement, Requirements, lacking, load_requirements, missing, required_on

__all__ = [
    "REQUIREMENTS", "Checked", "Finding", "IdentityPayload", "Inquiry", "Message", "Requirement", "Requirements", "Rules", "check",
    "lacking", "load_requirements", "make_travel_address", "missing", "read_message", "read_part", "read_payload",
    "read_travel_address", "required_on", "valid", "write_message", "write_payload",
]  # fmt: skip
