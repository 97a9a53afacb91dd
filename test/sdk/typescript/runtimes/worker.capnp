using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.bundle.js")],
      compatibilityDate = "2026-11-01",
      bindings = [
        (name = "SECRET", fromEnvironment = "SECRET"),
        (name = "SITE", fromEnvironment = "SITE"),
        (name = "BROWSERHOOK_URL", fromEnvironment = "BROWSERHOOK_URL"),
        (name = "BROWSERHOOK_KEY", fromEnvironment = "BROWSERHOOK_KEY"),
      ],
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
