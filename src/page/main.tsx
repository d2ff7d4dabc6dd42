import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import { invariant } from "../lib/invariant.ts";
import { App } from "./App.tsx";
import { exposePlayground } from "./automation.ts";
import "./base.css";
import { openBackend } from "./commands/openBackend.ts";
import { createEngineClient } from "./engineClient.ts";
import { followEngine } from "./engineEvents.ts";
import { followAddress } from "./followAddress.ts";
import { listenToKeys } from "./shortcuts.ts";
import { followTheme } from "./stores/themeStore.ts";
import "./tokens.css";

const engine = createEngineClient(
  () => new Worker(new URL("../worker/entry.ts", import.meta.url), { type: "module", name: "engine" }),
);

followTheme();
followEngine(engine);
const backend = followAddress(engine);
listenToKeys(engine);
exposePlayground(engine);

const host = document.getElementById("app");
invariant(host !== null, "index.html has an element #app");
createRoot(host).render(<App engine={engine} />);

void openBackend(engine, backend);
