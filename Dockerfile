# The image of the service. docs/deploy.md says how to run it.
#
#   docker build --build-arg VERSION=v1.2.3 -t entrawatch .
#
# Both stages are Debian 12: the program is linked with the C library of the
# first and runs with that of the second.
FROM docker.io/library/golang:1.26-bookworm AS build
WORKDIR /src
# DuckDB, which answers queries, is C++: cgo, with the g++ of this image.
ENV CGO_ENABLED=1
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
RUN go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X github.com/entrawatch/entrawatch/internal/cli.version=${VERSION}" \
      -o /out/entrawatch . \
    && mkdir -p /out/data /out/etc

# "cc" is the smallest of these images that has libstdc++, which DuckDB needs;
# "static" and "base" lack it. There is no shell in it, and no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/entrawatch /usr/bin/entrawatch
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/etc /etc/entrawatch
# Nothing else is written to, so the root file system may be read-only. Temporary
# files stand beside the service's own folder, /data/entrawatch.
ENV TMPDIR=/data
VOLUME /data
USER 65532:65532
EXPOSE 8070
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/usr/bin/entrawatch", "status", "-config", "/etc/entrawatch/entrawatch.yaml"]
ENTRYPOINT ["/usr/bin/entrawatch"]
CMD ["serve", "-config", "/etc/entrawatch/entrawatch.yaml"]
