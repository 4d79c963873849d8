FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ENV_FILE= COLLECTED_STATIC=true

RUN useradd --create-home app
WORKDIR /app

# First what changes seldom, so that a change of code installs nothing again.
COPY pyproject.toml constraints.txt README.md LICENSE CHANGELOG.md ./
COPY portal/__init__.py portal/version.py portal/
RUN pip install --no-cache-dir --constraint constraints.txt .

COPY . .
# The settings want keys and addresses; collecting files uses none of them, and none is kept.
RUN for site in portal sandbox; do \
        SITE=$site DATABASE_URL=postgres://nowhere.invalid/none REDIS_URL=redis://nowhere.invalid/0 \
        SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(48))') \
        FIELD_KEYS=$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
        python manage.py collectstatic --noinput --verbosity 0 || exit 1; \
    done \
    && mkdir -p var && chown app:app var

USER app
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"]
