# One image for web, worker and commands; compose.yaml says which of them a container runs.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Pillow shapes Arabic, Hindi and emoji with it, and brings all of its libraries but this one.
RUN apt-get update -qq && apt-get install --yes -qq --no-install-recommends libfribidi0 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 videoserver && install --directory --owner videoserver /data
WORKDIR /srv/videoserver
COPY requirements.txt overrides.txt ./
RUN pip install --require-hashes --requirement requirements.txt \
    && pip install --no-deps --requirement overrides.txt
COPY . .
RUN python -m compileall -q -j 0 manage.py media_assets rendering videoserver

USER videoserver
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "web", "--host", "0.0.0.0"]
