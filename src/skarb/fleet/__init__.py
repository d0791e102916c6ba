"""The fleet: machines as they are registered, what they say of themselves, and commands to sleep and to wake.

Machines are spoken to by a library of drivers (pyasic, the extra `fleet`) that lives in a process of its own (`worker`), because drivers hang, break
and bring dependencies with them. `Courier` carries questions there and answers back. What a machine says proves nothing about what it draws:
that an order was kept is shown by the meter alone (`grid.curtail.verify`).
"""

from skarb.fleet.choose import Beside, awake, in_order
from skarb.fleet.command import command, poll
from skarb.fleet.compare import differences
from skarb.fleet.courier import Courier
from skarb.fleet.model import Answer, Device, Request, Seen, Task
from skarb.fleet.register import read_fleet

__all__ = [
    "Answer",
    "Beside",
    "Courier",
    "Device",
    "Request",
    "Seen",
    "Task",
    "awake",
    "command",
    "differences",
    "in_order",
    "poll",
    "read_fleet",
]
