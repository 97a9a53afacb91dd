# The image: Debian, Chromium's headless shell, and the server as a user of its own.
#   docker build -t browserhook:0.1.0 .
# scripts/image makes the same by the last stage's lines, without a container engine.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY . .
ARG VERSION
RUN make build ${VERSION:+VERSION=$VERSION}

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates chromium-headless-shell fonts-liberation tini && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --home-dir /data --shell /usr/sbin/nologin --no-log-init browserhook && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /src/bin/browserhook /usr/bin/browserhook
ENV BROWSERHOOK_LISTEN=0.0.0.0:8080 BROWSERHOOK_DATA=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/browserhook"]
CMD ["serve"]
