# Locked wheels in one stage, an unprivileged user in the next. Settings come from the environment; see .env.example.
FROM python:3.13-slim AS wheels
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /service
COPY pyproject.toml uv.lock ./
RUN UV_PROJECT_ENVIRONMENT=/service/.venv uv sync --locked --no-default-groups --no-cache --compile-bytecode

FROM python:3.13-slim
RUN useradd --system --no-create-home service
WORKDIR /service
COPY --from=wheels /service/.venv /service/.venv
COPY alembic.ini ./
COPY migrations ./migrations
COPY app ./app
COPY openapi/receivers ./openapi/receivers
# Whoever runs the service may write nothing here: compiled now, or again at every start.
RUN python -m compileall -q app migrations
ENV PATH=/service/.venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0
USER service
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/livez', timeout=2)"]
# `migrate` and `seed` first, then as many of `serve` and `worker` as needed:
#   docker run --env-file .env IMAGE migrate && docker run --env-file .env IMAGE seed
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
