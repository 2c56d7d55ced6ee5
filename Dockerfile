ARG DENO_VERSION=2.9.6
FROM denoland/deno:alpine-${DENO_VERSION}

WORKDIR /app
COPY deno.json mod.ts LICENSE ./
COPY src/ src/
COPY listeners/ listeners/
COPY hooks/ hooks/

# Everything that may be imported later (YAML, hooks for stores) is in the image: the broker downloads nothing.
RUN deno cache mod.ts $(find src/cli listeners hooks -name '*.ts') \
  && mkdir -p /data && chown -R deno:deno /data /deno-dir

USER deno
VOLUME /data

# MQTT over TCP, MQTT over WebSocket; statistics are for this container alone
EXPOSE 1883 1882

# What is published is open to everybody until rules say who may connect, and the broker says so when it starts. So publish it to
# this machine only, docker run -p 127.0.0.1:1883:1883 IMAGE, or bring rules. Options replace the ones below:
# docker run -p 1883:1883 -v ./config.yaml:/config.yaml IMAGE --config /config.yaml
ENTRYPOINT ["deno", "run", "-A", "--unstable-kv", "--cached-only", "mod.ts"]
CMD ["--tcp", "0.0.0.0:1883", "--ws", "0.0.0.0:1882", "--info", "127.0.0.1:8080", "--data", "/data"]
