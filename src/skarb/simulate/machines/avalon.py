"""The dialect of Avalon machines: JSON over TCP in which the figures stand in one long text; sleep is ordered for a second to come."""

from __future__ import annotations

import json
from typing import Any

from skarb.simulate.machines.machine import Machine

VERSION = "21062801_4ec6bb0_61407fa"


def answered(machine: Machine, asked: bytes, now: float) -> bytes:
    """Return what the machine answers.

    Raises: ValueError, AttributeError, TypeError if the question is none.
    """
    question = json.loads(asked)
    words, parameter = str(question["command"]).split("+"), str(question.get("parameter", ""))
    if len(words) == 1:
        answer = _one(machine, words[0], parameter, now)
    else:
        answer = {word: [_one(machine, word, "", now)] for word in words} | {"id": 1}
    return json.dumps(answer).encode() + b"\0"


def _one(machine: Machine, word: str, parameter: str, now: float) -> dict[str, Any]:
    status = {"STATUS": "S", "When": int(now), "Code": 22, "Msg": "ok", "Description": "cgminer 4.11.1"}
    answer: dict[str, Any] = {"STATUS": [status], "id": 1}
    if word == "ascset":
        number, wanted, moment = [*parameter.split(","), "", ""][:3]
        _, _, second = moment.partition(":")
        told = number == "0" and wanted in ("softoff", "softon") and second.isdigit()
        if told and machine.tell(wanted == "softoff", float(second)):
            status |= {"STATUS": "I", "Code": 118, "Msg": f"ASC 0 set info: success {wanted}"}
        else:
            status |= {"STATUS": "E", "Code": 120, "Msg": "ASC 0 set failed"}
    elif (said := _SAYS.get(word)) is not None:
        answer["STATS" if word == "estats" else word.upper()] = said(machine, now)
    else:
        status |= {"STATUS": "E", "Code": 14, "Msg": "Invalid command"}
    return answer


def _version(machine: Machine, now: float) -> list[dict[str, Any]]:
    mac = "".join(f"{int(part):02x}" for part in machine.host.split("."))
    return [
        {
            "CGMiner": "4.11.1",
            "API": "3.7",
            "PROD": machine.kind.model.replace("Avalon", "AvalonMiner"),
            "VERSION": VERSION,
            "MAC": f"0200{mac}",
        }
    ]


def _estats(machine: Machine, now: float) -> list[dict[str, Any]]:
    rate, boards = machine.says_gh_s(now), range(machine.kind.boards)
    cool = machine.says_asleep(now)
    figures = {
        "Ver": f"1246-83-{VERSION}",
        "Elapsed": int(now - machine.since),
        "Temp": 24,
        "TMax": 28 if cool else 71,
        "TAvg": 26 if cool else 58,
        "Fan1": 4200,
        "Fan2": 4200,
        "WALLPOWER": machine.says_w(now),
        "MPO": machine.kind.rated_w,
        "GHSmm": machine.kind.hashrate_th_s * 1000,
        "MGHS": " ".join(f"{rate / machine.kind.boards:.2f}" for _ in boards),
        "MTmax": " ".join("28" if cool else "71" for _ in boards),
        "MTavg": " ".join("26" if cool else "58" for _ in boards),
    }
    return [{"STATS": 0, "ID": "AVA100", "MM ID0": " ".join(f"{name}[{value}]" for name, value in figures.items())}]


_SAYS: dict[str, Any] = {
    "version": _version,
    "devs": lambda machine, now: [{"ASC": 0, "Name": "AVA10", "MHS 1m": machine.says_gh_s(now) * 1000}],
    "summary": lambda machine, now: [{"MHS 1m": machine.says_gh_s(now) * 1000, "Elapsed": int(now - machine.since)}],
    "stats": lambda machine, now: [{"STATS": 0, "Elapsed": int(now - machine.since)}],
    "estats": _estats,
    "pools": lambda machine, now: [{"POOL": 0, "URL": "stratum+tcp://127.0.0.1:3333", "Status": "Alive", "User": machine.id}],
}
