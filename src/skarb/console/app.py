"""The console's pages as a small Litestar application: a market, a book, a batch, a row, a provision, drafts of law, money abroad, mining.

Every page is HTML or, with `.json` at its end or `Accept: application/json`, the same content as JSON. Nothing is loaded from
elsewhere, and no page writes anything but the log of looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send
from markupsafe import Markup

from skarb.app.draftmodel import DraftLine, DraftsView, Matrix
from skarb.app.marketview import MarketView
from skarb.app.reservemodel import ReserveView
from skarb.console.language import choose, language
from skarb.console.mask import mask
from skarb.console.mining import mining_handlers
from skarb.console.pages import Page, Renderer, static_files
from skarb.core.errors import InputError, NotFound
from skarb.grid import InfeasiblePlan

PURPOSE_MIN, PURPOSE_MAX = 5, 200
_REFUSALS, _REFERRALS, _BATCHES = 8, 4, 50
_SECTIONS = (
    ("", "nav_market"),
    ("flows", "nav_flows"),
    ("drafts", "nav_drafts"),
    ("alerts", "alerts"),
    ("mining", "nav_mining"),
    ("reserve", "mining_nav_reserve"),
)
_NOT_KEPT = frozenset({"lang", "purpose"})  # of a question in links to the same page; a purpose is stated for one look
_OF_FARM = frozenset({"mining", "reserve"})  # there where the market has a farm
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# A report stands alone, with its style and script inside; the sandbox keeps it from this console's pages.
_REPORT_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; sandbox allow-scripts; "
    "base-uri 'none'; frame-ancestors 'none'",
}
_Request = Request[Any, Any, Any]


def console(view: MarketView, hosts: Sequence[str] = ()) -> ASGIApp:
    """Return the console of a market as an ASGI application; it answers to the named hosts, or to any when there are none."""
    pages = _Pages(view)
    app = Litestar(
        route_handlers=[*pages.handlers(), *_static()],
        exception_handlers={
            NotFound: pages.not_found,
            InputError: pages.refused,
            InfeasiblePlan: pages.refused,
            HTTPException: pages.failed,
        },
        openapi_config=None,
        logging_config=None,
    )
    return _at_the_door(app, frozenset(hosts))


class _Pages:
    """The handlers: each asks the view, masks what is personal, and hands the content to the renderer."""

    def __init__(self, view: MarketView) -> None:
        self._view = view
        self._renderer = Renderer()

    def handlers(self) -> list[Any]:
        """Return one handler a page."""

        @get("/", sync_to_thread=True)
        def market(request: _Request) -> Response[Any]:
            content = {
                "clock": self._view.clock(),
                "books": self._view.books(),
                "decisions": self._view.decisions(),
                "flows": self._view.flows(),
                "refusals": self._view.refusals(_REFUSALS),
                "referrals": self._view.referrals(_REFERRALS),
                "drafts": self._headlines(),
                "farm": self._view.mining(),
                "reserve": self._reserve_now(),
            }
            return self._answer(request, "market", content)

        @get("/book/{name:str}", sync_to_thread=True)
        def book(request: _Request) -> Response[Any]:
            name = request.path_params["name"]
            before = _whole(request.query_params.get("before", ""), "before") if "before" in request.query_params else None
            batches = self._view.batches(name, _BATCHES, before)
            shown = next((one for one in self._view.books() if one.name == name), None)
            if batches is None or shown is None:
                raise NotFound(f"there is no book {name!r}")
            return self._answer(request, "book", {"clock": self._view.clock(), "book": shown, "batches": batches})

        @get("/book/{name:str}/batch/{sequence:str}", sync_to_thread=True)
        def batch(request: _Request) -> Response[Any]:
            name, sequence = request.path_params["name"], request.path_params["sequence"]
            found = self._view.batch(name, _whole(sequence, "batch"))
            if found is None:
                raise NotFound(f"book {name!r} has no batch {sequence}")
            return self._answer(request, "batch", {"clock": self._view.clock(), "batch": found})

        @get("/book/{name:str}/batch/{sequence:str}/row/{number:str}", sync_to_thread=True)
        def row(request: _Request) -> Response[Any]:
            name, sequence, number = (request.path_params[part] for part in ("name", "sequence", "number"))
            found = self._view.row(name, _whole(sequence, "batch"), _whole(number, "row"))
            if found is None:
                raise NotFound(f"book {name!r} has no row {number} in batch {sequence}")
            purpose, unmasked, refused = self._purpose(request, f"{name}/{sequence}/{number}")
            content = {"clock": self._view.clock(), "row": found, "purpose": purpose, "purpose_refused": refused}
            return self._answer(request, "row", content, unmasked=unmasked)

        @get("/provision/{provision_id:path}", sync_to_thread=True)
        def provision(request: _Request) -> Response[Any]:
            asked = str(request.path_params["provision_id"]).lstrip("/")
            found = self._view.provision(asked)
            if found is None:
                raise NotFound(f"there is no provision {asked!r}")
            return self._answer(request, "provision", {"clock": self._view.clock(), "provision": found})

        @get("/alerts", sync_to_thread=True)
        def alerts(request: _Request) -> Response[Any]:
            return self._answer(request, "alerts", {"clock": self._view.clock(), "queue": self._view.alerts()})

        @get("/alerts/{name:str}", sync_to_thread=True)
        def alert(request: _Request) -> Response[Any]:
            name = request.path_params["name"]
            queue, found = self._view.alerts(), self._view.alert(name)
            if found is None and queue.waiting:  # it may be in what is being watched
                return self._answer(request, "alerts", {"clock": self._view.clock(), "queue": queue})
            if found is None:
                raise NotFound(f"there is no alert {name!r} in what was watched so far")
            purpose, unmasked, refused = self._purpose(request, f"alerts/{name}")
            content = {"clock": self._view.clock(), "alert": found, "purpose": purpose, "purpose_refused": refused}
            return self._answer(request, "alert", content, unmasked=unmasked)

        @get("/drafts", sync_to_thread=True)
        def drafts(request: _Request) -> Response[Any]:
            return self._answer(request, "drafts", {"clock": self._view.clock(), "drafts": self._headlines()})

        @get("/drafts/{name:str}", sync_to_thread=True)
        def draft(request: _Request) -> Response[Any]:
            name, view = request.path_params["name"], self._view.drafts()
            found = next((one for one in view.drafts if one.id == name), None)
            if found is None:
                raise NotFound(f"there is no draft {name!r}")
            content = {"clock": self._view.clock(), "draft": found, "progress": view.progress}
            return self._answer(request, "draft", content)

        @get("/drafts/{name:str}/report", sync_to_thread=True)
        def report(request: _Request) -> Response[Any]:
            name, code = request.path_params["name"], _language_of(request)
            found = self._view.report(name, code)
            if found is None:
                raise NotFound(f"there is no report on a draft {name!r}")
            return Response(content=found, media_type="text/html; charset=utf-8", headers={**_REPORT_HEADERS, **_spoken(code)})

        @get("/flows", sync_to_thread=True)
        def flows(request: _Request) -> Response[Any]:
            progress = self._view.drafts().progress
            content: dict[str, Any] = {"clock": self._view.clock(), "progress": progress}
            if _wants_json(request):
                return self._answer(request, "flows", {**content, "figures": self._view.flow_figures()})
            part = self._view.flow_part(_language_of(request))
            # Made by our own templates, which escaped what was filed.
            return self._answer(request, "flows", {**content, "part": None if part is None else Markup(part)})

        @get("/flows/report", sync_to_thread=True)
        def flow_report(request: _Request) -> Response[Any]:
            code = _language_of(request)
            found = self._view.flow_report(code)
            if found is None:
                raise NotFound("money abroad was not followed yet")
            return Response(content=found, media_type="text/html; charset=utf-8", headers={**_REPORT_HEADERS, **_spoken(code)})

        mining = mining_handlers(self._view, self._answer)
        return [market, book, batch, row, provision, alerts, alert, drafts, draft, report, flows, flow_report, *mining]

    @cached_property
    def _sections(self) -> tuple[tuple[str, str], ...]:
        """Where the market's sections are, and the messages that name them."""
        farm = self._view.mining() is not None
        return tuple((where, name) for where, name in _SECTIONS if farm or where not in _OF_FARM)

    def _purpose(self, request: _Request, subject: str) -> tuple[str | None, bool, bool]:
        """Return the purpose that was stated, whether people may be shown, and whether it was no purpose; a look is recorded first."""
        purpose = request.query_params.get("purpose")
        stated = "" if purpose is None else " ".join(purpose.split())[:PURPOSE_MAX]
        if len(stated) < PURPOSE_MIN:
            return None, False, purpose is not None
        self._view.look(stated, subject)
        return stated, True, False

    def not_found(self, request: _Request, error: Exception) -> Response[Any]:
        """Say that something does not exist."""
        return self._answer(request, "error", {"status": 404, "message": str(error)}, status=404)

    def refused(self, request: _Request, error: Exception) -> Response[Any]:
        """Say that what was asked for makes no sense, or no plan."""
        return self._answer(request, "error", {"status": 400, "message": str(error)}, status=400)

    def failed(self, request: _Request, error: HTTPException) -> Response[Any]:
        """Say that a request could not be answered."""
        return self._answer(request, "error", {"status": error.status_code, "message": error.detail}, status=error.status_code)

    def _reserve_now(self) -> ReserveView | None:
        """Return the reserve without what only its own page shows; None before there is one."""
        view = self._view.reserve()
        if view is None or view.day is None:
            return None
        return msgspec.structs.replace(view, lots=(), value=(), bound=(), violations=(), figures=(), valued=(), commands={})

    def _headlines(self) -> DraftsView:
        """Return the drafts without what only their own pages show."""
        view = self._view.drafts()
        return msgspec.structs.replace(view, drafts=tuple(_headline(one) for one in view.drafts))

    def _answer(
        self, request: _Request, name: str, content: dict[str, Any], *, unmasked: bool = False, status: int = 200
    ) -> Response[Any]:
        if not unmasked:
            content = {key: mask(value) for key, value in content.items()}
        if _wants_json(request):
            body = msgspec.json.encode(content)
            return Response(content=body, media_type="application/json", status_code=status, headers=_HEADERS)
        asked, words = request.query_params.get("lang"), language(_language_of(request))
        kept = (one for one in request.query_params.multi_items() if one[0] not in _NOT_KEPT)
        page = Page(
            name=name,
            path=request.url.path,
            words=words,
            lang_in_links=asked in (words.code,),
            content=content,
            law=self._view.spoken,
            query=tuple(sorted(kept)),  # they come in no order
            sections=self._sections,
        )
        headers = {**_HEADERS, **_spoken(words.code)}
        return Response(content=self._renderer.render(page), media_type="text/html", status_code=status, headers=headers)


def _headline(line: DraftLine) -> DraftLine:
    if line.answer is None:
        return line
    nothing = Matrix(before=(), after=(), cells=(), same=())
    bare = {"provisions": (), "largest": (), "short": (), "venues": (), "activities": (), "matrix": nothing, "titles": {}}
    return msgspec.structs.replace(line, answer=msgspec.structs.replace(line.answer, **bare))


def _language_of(request: _Request) -> str:
    return choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def _spoken(code: str) -> dict[str, str]:
    return {"Content-Language": code, "Vary": "Accept-Language, Accept"}


def _static() -> list[Any]:
    @get("/static/{name:str}", sync_to_thread=False)
    def static(request: _Request) -> Response[bytes]:
        name = request.path_params["name"]
        found = static_files().get(name)
        if found is None:
            raise NotFound(f"there is no file {name!r}")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(content=found.content, media_type=found.media_type, headers=headers)

    return [static]


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise NotFound(f"{what}: given {text[:40]!r}, expected a whole number")
    return int(text)


def _wants_json(request: _Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _at_the_door(app: ASGIApp, hosts: frozenset[str]) -> ASGIApp:
    """Let in who asks for one of the hosts. `/any/page.json` is `/any/page` asked for as JSON, `/index.json` the market."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return await app(scope, receive, send)
        if hosts and _host(scope["headers"]) not in hosts:
            return await _turn_away(send)
        path = scope["path"]
        if path.endswith(".json"):
            bare = "/" if path == "/index.json" else path[: -len(".json")]
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
            changed = {**scope, "path": bare, "raw_path": bare.encode(), "headers": [*headers, (b"accept", b"application/json")]}
            scope = changed  # type: ignore[assignment]
        await app(scope, receive, send)

    return door


def _host(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the host that was asked for, without its port."""
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


async def _turn_away(send: Send) -> None:
    body = b"This console answers only to the name of its own machine.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
