from __future__ import annotations

import socket
import threading
from queue import Queue
from typing import Any
from urllib.request import urlopen

import pytest

from skarb.console import serve
from skarb.core.errors import Unavailable


def test_it_says_its_address_answers_and_stops(market: Any):
    addresses: Queue[str] = Queue()
    stop = threading.Event()
    served = threading.Thread(target=serve, args=(market,), kwargs={"port": 0, "ready": addresses.put, "stop": stop}, daemon=True)
    served.start()
    address = addresses.get(timeout=20)
    try:
        with urlopen(address + "index.json", timeout=60) as answer:
            assert answer.status == 200 and b"burshtyn" in answer.read()
        with urlopen(address + "?lang=ru", timeout=60) as answer:
            assert answer.headers["content-language"] == "ru"
    finally:
        stop.set()
        served.join(timeout=20)
    assert not served.is_alive()
    with pytest.raises(OSError, match=r"refused|timed out"):
        urlopen(address, timeout=2)


def test_a_taken_port_is_one_clear_error(market: Any):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable, match="choose another --port"):
            serve(market, port=taken.getsockname()[1])
