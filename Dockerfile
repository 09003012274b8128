# One image for all processes; the command says which: start (default), receiver, worker, or any other of `statuswire`.
# There is no Redis inside: set REDIS_URL.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts: `prepare` would build, and the sources are not here yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY workers ./workers
RUN npm run build && rm dist/.tsbuildinfo

FROM ${NODE_IMAGE} AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
# 0.0.0.0 is inside the container; what the world may reach is decided where the port is published.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 STATUSWIRE_HOME=/var/lib/statuswire
WORKDIR /app
# Owned by root and only read: the process cannot change its own code.
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json statuswire.example.yaml ./
# The only place that it writes to; a volume mounted there belongs to it then.
RUN mkdir /var/lib/statuswire && chown node:node /var/lib/statuswire
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli.js"]
CMD ["start"]
