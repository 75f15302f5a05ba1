"""The pages a person opens: interactive documentation, and one page for each problem. No CDN, no inline script."""

from html import escape
from importlib.resources import files

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.problems import CATALOGUE, Problem

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

DOCUMENTATION = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inscriptions des conseillers numériques — documentation de l’API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon.png">
</head>
<body>
<main id="swagger-ui"></main>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  persistAuthorization: true,
  tryItOutEnabled: true,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


def _page(title: str, body: str, status: int = 200) -> Response:
    text = (
        f'<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n</head>\n'
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return HTMLResponse(text, status, headers={"Content-Security-Policy": CONTENT_POLICY})


async def documentation(_: Request) -> Response:
    return HTMLResponse(DOCUMENTATION, headers={"Content-Security-Policy": CONTENT_POLICY})


async def start_script(_: Request) -> Response:
    return Response(START, media_type="text/javascript; charset=utf-8")


async def to_documentation(_: Request) -> Response:
    return RedirectResponse("/docs", 307)


async def problem_page(request: Request) -> Response:
    """What a problem's `type` leads to."""
    code = request.path_params["code"]
    kind = CATALOGUE.get(code)
    if kind is None:
        raise Problem("not-found", "Aucun problème n’a ce code.")
    body = f"<p><code>{escape(code)}</code>, statut HTTP {kind.status}.</p>\n<p>{escape(kind.advice)}</p>"
    return _page(kind.title, body)


async def problem_list(_: Request) -> Response:
    rows = "\n".join(
        f'<li><a href="/problems/{code}"><code>{code}</code></a> ({kind.status}) : {escape(kind.title)}</li>'
        for code, kind in CATALOGUE.items()
    )
    return _page("Catalogue des erreurs", f"<ul>\n{rows}\n</ul>")


def routes() -> list[BaseRoute]:
    """Public pages, which show nothing of anybody."""
    assets = StaticFiles(directory=str(files("fastapi_offline") / "static"))
    return [
        Route("/", to_documentation),
        Route("/docs", documentation),
        Route("/docs/start.js", start_script),
        Mount("/docs/assets", assets),
        Route("/problems", problem_list),
        Route("/problems/{code}", problem_page),
    ]
