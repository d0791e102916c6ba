"""The pages about mining and power: the farm, what is left over, what if, what it pays, who was cut, bills, their audit and the reserve.

A page that joins them later is a line in `PAGES`, a method `mining_…` of the market's view, a template and its words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get

from skarb.app.marketview import MarketView
from skarb.app.miningmodel import PlanView
from skarb.core.errors import NotFound

PAGES = (
    ("mining", "mining_nav_farm"),
    ("mining/surplus", "mining_nav_surplus"),
    ("mining/plan", "mining_nav_plan"),
    ("mining/economics", "mining_nav_economics"),
    ("mining/curtailment", "mining_nav_curtailment"),
    ("mining/bills", "mining_nav_bills"),
    ("mining/audit", "mining_nav_audit"),
    ("reserve", "mining_nav_reserve"),
)
"""Where each page is, and the message that names it."""
_ASKED = ("mw", "gas_floor", "hashprice", "machine", "reactor_out", "cold_winter", "dear_gas", "on_gas", "boilers_first", "week")
_Request = Request[Any, Any, Any]
Answer = Callable[[_Request, str, dict[str, Any]], Response[Any]]


def mining_handlers(view: MarketView, answer: Answer) -> list[Any]:
    """Return one handler a page; `answer` gives content to a template, or as JSON."""

    def shown(request: _Request, name: str, what: str, found: object, **more: object) -> Response[Any]:
        if found is None:
            raise NotFound("this market has no mining farm")
        return answer(request, name, {"clock": view.clock(), what: found, **more})

    @get("/mining", sync_to_thread=True)
    def farm(request: _Request) -> Response[Any]:
        return shown(request, "mining", "farm", view.mining())

    @get("/mining/surplus", sync_to_thread=True)
    def surplus(request: _Request) -> Response[Any]:
        return shown(request, "mining_surplus", "surplus", view.mining_surplus())

    @get("/mining/plan", sync_to_thread=True)
    def plan(request: _Request) -> Response[Any]:
        asked = {name: request.query_params[name] for name in _ASKED if name in request.query_params}
        return shown(request, "mining_plan", "plan", view.mining_plan(asked))

    @get("/mining/economics", sync_to_thread=True)
    def economics(request: _Request) -> Response[Any]:
        return shown(request, "mining_economics", "economics", view.mining_economics())

    @get("/mining/curtailment", sync_to_thread=True)
    def curtailment(request: _Request) -> Response[Any]:
        return shown(request, "mining_curtailment", "curtailment", view.mining_curtailment(request.query_params.get("day")))

    @get("/mining/bills", sync_to_thread=True)
    def bills(request: _Request) -> Response[Any]:
        return shown(request, "mining_bills", "billed", view.mining_bills(request.query_params.get("bill")))

    @get("/mining/audit", sync_to_thread=True)
    def audit(request: _Request) -> Response[Any]:
        return shown(request, "mining_audit", "audit", view.mining_audit(request.query_params.get("month")))

    @get("/reserve", sync_to_thread=True)
    def reserve(request: _Request) -> Response[Any]:
        return shown(request, "mining_reserve", "reserve", view.reserve())

    return [farm, surplus, plan, economics, curtailment, bills, audit, reserve]


def asked_again(plan: PlanView, **changed: object) -> dict[str, object]:
    """Return a question as the query of a link, some of it changed; what is off is not said."""
    question = plan.answer.question
    fields: dict[str, object] = {
        "mw": question.mw,
        "gas_floor": question.gas_floor_mw,
        "hashprice": question.hashprice,
        "machine": question.machine,
        **{name: "yes" for name in _ASKED[4:9] if getattr(question, name)},
        **changed,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}
