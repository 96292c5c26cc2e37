# An image for a class server: JupyterHub starts one container of it for each student who logs in.
# course/other-homes.md shows how to build it, to try it alone, and to give it to JupyterHub.
FROM python:3.12-slim
# For a server with GPUs, build with --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# nbgitpuller fetches the lessons with git.
RUN apt-get update && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/course
COPY pyproject.toml README.md LICENSE LICENSE-content ./
COPY course/tested-versions.txt course/
COPY colorlib colorlib
RUN pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" \
    --constraint course/tested-versions.txt ".[course]" "jupyterhub>=5" nbgitpuller

# Weights of encoders are downloaded once, into the image. Students share them and cannot change them.
ENV TORCH_HOME=/opt/weights
RUN python -c "from torchvision import models as m; m.mobilenet_v2(weights='IMAGENET1K_V1'); m.densenet121(weights='IMAGENET1K_V1'); m.resnet18(weights='IMAGENET1K_V1')"

# Data sets are prepared once, in a folder of the server that every container sees.
ENV COLORLIB_CACHE=/srv/data
RUN useradd --create-home --uid 1000 student
USER student
WORKDIR /home/student
CMD ["jupyterhub-singleuser"]
