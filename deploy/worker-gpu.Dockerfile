# The GPU worker: generation and compliance, no platform, no key, no database.
# Build from the checkout: docker build -f deploy/worker-gpu.Dockerfile -t rakkan-gpu-worker .
FROM python:3.11-slim
RUN useradd --create-home --uid 10001 rakkan && install -d -o rakkan -m 0700 /work
WORKDIR /opt/rakkan
COPY requirements/worker-gpu.txt requirements/
# torch with what its CUDA build needs, the rest as it was locked.
RUN pip install --no-cache-dir "$(grep -o '^torch==[^ ]*' requirements/worker-gpu.txt)" \
    && pip install --no-cache-dir --no-deps -r requirements/worker-gpu.txt
COPY compliance compliance
COPY generation generation
USER rakkan
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/opt/rakkan OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    RAKKAN_ENGINES=portraittalk RAKKAN_PORTRAITTALK=/weights RAKKAN_TRUST=/trust RAKKAN_WORK_DIR=/work
STOPSIGNAL SIGTERM
CMD ["python", "-m", "celery", "-A", "generation.worker", "worker", "-Q", "gpu", "-P", "solo", "-c", "1", "-n", "gpu@%h", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
