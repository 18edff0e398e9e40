# The service as an image: `docker build --tag plo-drift .`. The compiler and the sources stay behind in the first stage.

FROM docker.io/library/rust:1.95-bookworm AS build
WORKDIR /build
# The dependencies alone, in a layer that lasts until one of them changes: empty files stand in for ours, and for the tests and
# benchmarks that Cargo.toml names.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src benches/speed tests/faults \
    && touch src/lib.rs benches/evaluate.rs benches/import.rs benches/speed/main.rs tests/faults/main.rs \
    && echo 'fn main() {}' >src/main.rs \
    && cargo build --release --locked \
    && rm -r src
# Not only sources are compiled: queries are checked against .sqlx; migrations, templates and default settings go into the binary.
COPY sqlx.toml ./
COPY .sqlx .sqlx
COPY config config
COPY migrations migrations
COPY src src
# Cargo goes by dates: without `touch`, sources older than the empty program would pass for built. `chmod`, because a checkout may be
# readable by its owner only, and the service runs as somebody else.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked \
    && chmod -R a+rX config

FROM docker.io/library/debian:bookworm-slim
# A mail server's certificate is judged by ca-certificates. The mail folder belongs to the service, and so does a volume mounted there.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 plo-drift \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin plo-drift \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/plo-drift/mail
COPY --from=build /build/config /etc/plo-drift
COPY --from=build /build/target/release/plo-drift /usr/local/bin/plo-drift

# These go over the files in /etc/plo-drift, as every variable does.
ENV PLO_DRIFT_CONFIG=/etc/plo-drift \
    PLO_DRIFT__HTTP__LISTEN=0.0.0.0:8080 \
    PLO_DRIFT__MAIL__FOLDER=/var/lib/plo-drift/mail
# By number, so that a platform that insists on `runAsNonRoot` can tell. Nothing is written but mail to its folder.
USER 10001:10001
EXPOSE 8080
# Asks /health/ready. The start may take as long as `serve` waits for its database (database.wait_seconds).
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 CMD ["plo-drift", "healthcheck"]
ENTRYPOINT ["plo-drift"]
CMD ["serve"]

# Last, so that a new commit does not cost a layer: docker build --build-arg REVISION="$(git rev-parse HEAD)"
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="plo-drift" \
      org.opencontainers.image.description="Watches child-protection cases in pre-proceedings for drift, and tells the people who can act" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
