"""The agency's site inside Airflow's menu, for who is logged in.

It shows what nobody has approved yet, so it asks for Airflow's own login. Its pages share Airflow's
address: the policy sent with them lets them load files and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/drought-site"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'none'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Site:
    """The site's folder as an ASGI application.

    Every component of Airflow loads this module, and only the API server serves it: what serving
    needs is imported with the first request.
    """

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request: a file of the site to who is logged in, or why not."""
        response = await self._response(scope)
        response.headers.update(
            {
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-cache",
            }
        )
        await response(scope, receive, send)

    async def _response(self, scope: Message) -> Any:  # noqa: ANN401 - a Starlette response
        from starlette.exceptions import HTTPException
        from starlette.responses import PlainTextResponse

        try:
            await _refuse_strangers(scope)
            return await _file(scope)
        except HTTPException as error:
            return PlainTextResponse(str(error.detail), error.status_code)


async def _refuse_strangers(scope: Message) -> None:
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.core_api.security import resolve_user_from_token
    from starlette.requests import Request

    request = Request(scope)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    said = token if kind.lower() == "bearer" else request.cookies.get(COOKIE_NAME_JWT_TOKEN)
    await resolve_user_from_token(said)


async def _file(scope: Message) -> Any:  # noqa: ANN401
    from starlette.exceptions import HTTPException
    from starlette.staticfiles import StaticFiles

    from pipeline import wiring

    folder = wiring.settings().site.absolute()
    if not (folder / "index.html").is_file():
        raise HTTPException(404, "There is no site yet: run `drought publish`.")
    files = StaticFiles(directory=folder, html=True)
    return await files.get_response(files.get_path(scope), scope)


class SiteView(AirflowPlugin):  # type: ignore[misc]
    """The entry in the menu, and what it opens."""

    name = "drought_site"
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": Site(), "url_prefix": PREFIX, "name": "Drought site"}
    ]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Drought",
            # Relative, as Airflow may be served below a path of its own.
            "href": f"{PREFIX.removeprefix('/')}/index.html",
            "url_route": "drought-map",
            "destination": "nav",
        }
    ]
