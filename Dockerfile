# Debian and not Alpine: DuckDB is native code, and the lock file holds its build for glibc. Node 24 has zstd built in.
FROM node:24-bookworm-slim AS build
WORKDIR /opt/hostlog
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && chmod +x dist/src/main.js && rm dist/build.tsbuildinfo && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="hostlog" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
# The number is fixed, so that volumes keep their owner from image to image.
RUN groupadd --system --gid 10514 hostlog \
  && useradd --system --uid 10514 --gid hostlog --home-dir /var/lib/hostlog --shell /usr/sbin/nologin hostlog \
  && install --directory --owner hostlog --group hostlog --mode 0700 /var/lib/hostlog /srv/hostlog \
  && install --directory /etc/hostlog \
  && ln --symbolic /opt/hostlog/dist/src/main.js /usr/local/bin/hostlog
COPY --from=build /opt/hostlog/package.json /opt/hostlog/LICENSE /opt/hostlog/
COPY --from=build /opt/hostlog/node_modules /opt/hostlog/node_modules
COPY --from=build /opt/hostlog/dist /opt/hostlog/dist
# For auditors; it needs nothing of the rest.
COPY --from=build /opt/hostlog/src/verifier/verify-ledger.mjs /opt/hostlog/src/verifier/
USER 10514:10514
WORKDIR /var/lib/hostlog
# A folder store, and the state beside it: spool, locks, local secrets. The config is mounted at /etc/hostlog/hostlog.yaml.
VOLUME ["/srv/hostlog", "/var/lib/hostlog"]
# There is nothing to ask for its health: commands end with an exit code.
ENTRYPOINT ["hostlog"]
CMD ["--help"]
