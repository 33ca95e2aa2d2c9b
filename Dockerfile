# The image of Syncline itself: one binary that serves the project in /project. An image with a project in it is made from
# this one by deploy/project.Dockerfile.
#
#   docker build --tag syncline .

FROM rust:1.95-bookworm AS build
WORKDIR /syncline
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY console/fallback.html console/
COPY src src
# Without the embedded DynamoDB, which is for laptops.
RUN cargo build --locked --release --no-default-features --bin syncline

FROM debian:bookworm-slim
# Whom to trust when AWS, user pools and OpenID providers are asked.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /syncline/target/release/syncline /usr/local/bin/
WORKDIR /project
# A user of no rights, by number, so that Kubernetes can see that it is not root. Nothing is ever written: the file system may
# be read-only.
USER 65532:65532
EXPOSE 4000
# No HEALTHCHECK: Kubernetes and load balancers ask /health/live and /health/ready over HTTP.
ENTRYPOINT ["syncline"]
CMD ["serve"]
