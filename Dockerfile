# One image with the three servers and the operator's command. Start one by its name: mcp-server, worker, admin, or
# `ai-tutor migrate`.
FROM rust:1.94-slim-bookworm AS build
WORKDIR /src
COPY . .
# Dependencies and our crates stay in caches of the builder: a changed line builds only what depends on it.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --workspace --bins \
    && mkdir /out \
    && cp target/release/ai-tutor target/release/mcp-server target/release/worker target/release/admin /out/

FROM debian:bookworm-slim
# The servers trust the certificate authorities of the operating system, the newest that it has.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/ /usr/local/bin/
USER 10001:10001
ENV LOG_FORMAT=json
CMD ["mcp-server"]
