"""The Celery worker: `celery -A generation.worker worker -Q cpu -P solo -c 1`, or `-Q gpu`."""

from generation.worker.tasks import app

__all__ = ["app"]
