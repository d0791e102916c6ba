"""The dialect of LuxOS: JSON over TCP, one question a connection, several joined by a plus; commands need a login."""

from __future__ import annotations

import json
from typing import Any

from skarb.simulate.machines.machine import Machine

VERSION = "2024.5.1.155432"


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
    status = {"STATUS": "S", "When": int(now), "Code": 22, "Msg": "ok", "Description": f"LUXminer {VERSION}"}
    answer: dict[str, Any] = {"STATUS": [status], "id": 1}
    if word == "curtail":
        session, _, wanted = parameter.partition(",")
        if session != machine.id or wanted not in ("sleep", "wakeup") or not machine.tell(wanted == "sleep", now):
            status |= {"STATUS": "E", "Code": 402, "Msg": "Not allowed"}
    elif (said := _SAYS.get(word)) is not None:
        answer[word.upper() if word not in ("logon",) else "SESSION"] = said(machine, now)
    else:
        status |= {"STATUS": "E", "Code": 14, "Msg": f"Invalid command {word}"}
    return answer


def _config(machine: Machine, now: float) -> list[dict[str, Any]]:
    asleep = "Sleep" if machine.says_asleep(now) else "None"
    return [{"Hostname": machine.id, "RedLed": "off", "Profile": "default", "IsAtmEnabled": False, "CurtailMode": asleep}]


def _stats(machine: Machine, now: float) -> list[dict[str, Any]]:
    boards = range(1, machine.kind.boards + 1)
    rate = machine.says_gh_s(now) / machine.kind.boards
    warm, hot = ("25-25-26-26", "27-27-28-28") if machine.says_asleep(now) else ("50-50-52-52", "60-60-62-62")
    numbers = {"Elapsed": int(now - machine.since), "total_rateideal": machine.kind.hashrate_th_s * 1000, "rate_unit": "GH"}
    rates = {f"chain_rate{one}": f"{rate:.2f}" for one in boards}
    chips = {f"chain_acn{one}": machine.kind.chips for one in boards}
    temperatures = {f"temp_pcb{one}": warm for one in boards} | {f"temp_chip{one}": hot for one in boards}
    return [{"LUXminer": VERSION, "Type": machine.kind.model}, numbers | rates | chips | temperatures]


_SAYS: dict[str, Any] = {
    "version": lambda machine, now: [{"LUXminer": VERSION, "API": "3.7", "Miner": VERSION, "Type": machine.kind.model}],
    "devdetails": lambda machine, now: [{"Model": machine.kind.model}],
    "config": _config,
    "stats": _stats,
    "summary": lambda machine, now: [{"GHS 5s": machine.says_gh_s(now), "Accepted": 10, "Rejected": 0}],
    "power": lambda machine, now: [{"Watts": machine.says_w(now), "PSU": True}],
    "fans": lambda machine, now: [{"FAN": one, "RPM": 4500, "Speed": 60} for one in range(4)],
    "profiles": lambda machine, now: [
        {"Profile Name": "default", "Hashrate": machine.kind.hashrate_th_s, "Watts": machine.kind.rated_w}
    ],
    "pools": lambda machine, now: [{"POOL": 0, "URL": "stratum+tcp://127.0.0.1:3333", "Status": "Alive", "User": machine.id}],
    "session": lambda machine, now: [{"SessionID": ""}],
    "logon": lambda machine, now: [{"SessionID": machine.id}],
}
