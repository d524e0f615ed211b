# docker build -t nianbao .
# docker run --rm -v "$PWD:/data" nianbao extract report.txt
# docker run --rm -p 8000:8000 -e NIANBAO_SERVE_TOKEN=... nianbao serve --host 0.0.0.0
FROM python:3.12-slim AS build
COPY . /src
RUN pip wheel --quiet --no-deps --wheel-dir /wheel /src

FROM python:3.12-slim
RUN --mount=from=build,source=/wheel,target=/wheel \
    pip install --quiet --no-cache-dir "$(echo /wheel/nianbao-*.whl)[bulk,eval,redis,serve]"
RUN useradd --create-home nianbao
USER nianbao
WORKDIR /data
ENTRYPOINT ["nianbao"]
