# An example: the dashboard and its background sync in one container, the database in a volume.
#
#   docker build -t nightly-dashboard .
#   docker run --name dashboard -p 127.0.0.1:8501:8501 -v dashboard:/data --env-file .env nightly-dashboard
#   docker exec dashboard python -m dashlib status

FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    DASH_DATABASE=/data/dashboard.duckdb

# /data is the only place the dashboard writes to: the database, its log, the read snapshot.
RUN useradd --system --create-home --uid 10001 dashboard \
    && install --directory --owner=dashboard --group=dashboard --mode=0700 /data

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY LICENSE app.py ./
COPY .streamlit/config.toml .streamlit/config.toml
COPY pages/ pages/
COPY dashlib/ dashlib/

USER dashboard
VOLUME /data
EXPOSE 8501

# No curl in the slim image; a proxy in the environment is not for this machine's own port.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8501/healthz', timeout=4)"]

ENTRYPOINT ["python", "-m", "dashlib"]
CMD ["serve", "--host", "0.0.0.0"]
