"""The dialect of Whatsminer machines, second version: questions in the clear, commands sealed with the password and a token that the machine gave.

A command is AES over a hash of the password; its token is signed with the same hash. Who does not know the password is told that he may not write.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from skarb.simulate.machines.machine import Machine
from skarb.simulate.machines.md5crypt import md5crypt

VERSION = "20230911.12.Rel"
_SALT, _SECOND_SALT, _TIME = "BQ5hoXV9", "jbzkfQls", "5626"
_DENIED = {"STATUS": "E", "Code": 45, "Msg": "can't access write cmd", "Description": ""}


def answered(machine: Machine, asked: bytes, now: float) -> bytes:
    """Return what the machine answers.

    Raises: ValueError, AttributeError, TypeError, KeyError if the question is none.
    """
    question = json.loads(asked)
    if question.get("enc"):
        return _sealed_answer(machine, str(question["data"]), now)
    words = str(question.get("command") or question["cmd"]).split("+")
    if len(words) == 1:
        answer = _one(machine, words[0], now)
    else:
        answer = {word: [_one(machine, word, now)] for word in words} | {"id": 1}
    return json.dumps(answer).encode() + b"\0"


def key_of(password: str) -> tuple[bytes, str]:
    """Return the key that commands are sealed with, and the token that they carry."""
    hashed = md5crypt(password, _SALT)
    return sha256(hashed.encode()).digest(), md5crypt(hashed + _TIME, _SECOND_SALT)


def _sealed_answer(machine: Machine, data: str, now: float) -> bytes:
    key, token = key_of(machine.password)
    cipher = Cipher(algorithms.AES(key), modes.ECB())
    opened = cipher.decryptor().update(base64.b64decode(data)).rstrip(b"\0")
    try:
        command = json.loads(opened)
        told = command["token"] == token and command["cmd"] in ("power_off", "power_on")
    except (ValueError, KeyError, TypeError):
        told = False
    if not told or not machine.tell(command["cmd"] == "power_off", now):
        return json.dumps({**_DENIED, "When": int(now)}).encode()
    said = json.dumps({"STATUS": "S", "When": int(now), "Code": 131, "Msg": "API command OK", "Description": ""}).encode()
    sealed = cipher.encryptor().update(said + b"\0" * (-len(said) % 16))
    return json.dumps({"enc": base64.b64encode(sealed).decode()}).encode()


def _one(machine: Machine, word: str, now: float) -> dict[str, Any]:
    status = {"STATUS": "S", "When": int(now), "Code": 131, "Description": "btminer"}
    if word in _MESSAGES:
        return {**status, "Msg": _MESSAGES[word](machine, now)}
    if word in _TABLES:
        return {"STATUS": [{**status, "Code": 11, "Msg": word}], word.upper(): _TABLES[word](machine, now), "id": 1}
    return {**status, "STATUS": "E", "Code": 14, "Msg": "invalid cmd"}


def _summary(machine: Machine, now: float) -> list[dict[str, Any]]:
    rate = machine.says_gh_s(now) * 1000
    figures = {
        "Elapsed": int(now - machine.since),
        "MHS av": rate,
        "MHS 1m": rate,
        "Temperature": 28 if machine.says_asleep(now) else 70,
    }
    power = {"Power": machine.says_w(now), "Factory GHS": machine.kind.hashrate_th_s * 1000, "Error Code Count": 0}
    return [figures | power | {"Firmware Version": f"'{VERSION}'", "Fan Speed In": 4000, "Fan Speed Out": 4000, "Env Temp": 24.0}]


def _devs(machine: Machine, now: float) -> list[dict[str, Any]]:
    rate = machine.says_gh_s(now) * 1000 / machine.kind.boards
    warm = 28.0 if machine.says_asleep(now) else 70.0
    return [
        {
            "ASC": board,
            "Slot": board,
            "Temperature": warm,
            "Chip Temp Avg": warm,
            "MHS 1m": rate,
            "Effective Chips": machine.kind.chips,
            "PCB SN": f"{machine.id}-{board}",
        }
        for board in range(machine.kind.boards)
    ]


_MESSAGES: dict[str, Any] = {
    "get_token": lambda machine, now: {"time": _TIME, "salt": _SALT, "newsalt": _SECOND_SALT},
    "get_version": lambda machine, now: {"api_ver": "2.0.5", "fw_ver": VERSION, "platform": "H616", "chip": "K88"},
    "status": lambda machine, now: {"mineroff": str(machine.says_asleep(now)).lower(), "FirmwareVersion": f"'{VERSION}'"},
    "get_error_code": lambda machine, now: {"error_code": []},
    "get_miner_info": lambda machine, now: {"hostname": machine.id, "minersn": machine.id, "ledstat": "auto"},
}
_TABLES: dict[str, Any] = {
    "devdetails": lambda machine, now: [
        {"ID": 0, "Name": "SM", "Driver": "bitmicro", "Model": machine.kind.model.partition(" ")[2].replace(" ", "_")}
    ],
    "summary": _summary,
    "devs": _devs,
    "pools": lambda machine, now: [{"POOL": 1, "URL": "stratum+tcp://127.0.0.1:3333", "Status": "Alive", "User": machine.id}],
}
