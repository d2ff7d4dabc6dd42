import type { ReactNode } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { createRoot } from "react-dom/client";
import { invariant } from "../../lib/invariant.ts";
import { App } from "./App.tsx";
import { exposePlayground } from "./automation.ts";
import "./base.css";
import { openBackend } from "../commands/openBackend.ts";
import { keepStudents } from "../commands/keepStudents.ts";
import { followSight } from "../commands/lookAround.ts";
import { offerUpdates } from "../commands/offerUpdate.ts";
import { recoverEngine } from "../commands/recoverEngine.ts";
import { prepareDemo } from "../commands/prepareDemo.ts";
import { isFramedByOthers, readEmbed } from "../embed/embedControls.ts";
import { createEngineClient } from "../engine/engineClient.ts";
import { createEngineWorker } from "../engine/engineWorker.ts";
import { followEngine } from "../commands/engineEvents.ts";
import { followServiceWorker } from "../offline/serviceWorkerClient.ts";
import { followAddress } from "./followAddress.ts";
import { listenToKeys } from "./shortcuts.ts";
import { teacherInspector } from "../engine/teacherInspector.ts";
import { followTheme } from "../stores/themeStore.ts";
import "./tokens.css";

const engine = createEngineClient(createEngineWorker, {
  inspect: (files) => teacherInspector.inspect(files),
});

followTheme();
followEngine(engine);
followSight(engine);
keepStudents(engine);
recoverEngine(engine);
// Not for the first paint. An ablation comes first: its runs are its own to go on with.
void import("../commands/keptAblation.ts")
  .then(({ followAblation }) => followAblation())
  .then(() => import("../commands/keptRuns.ts"))
  .then(({ followKept }) => followKept(engine));
const backend = followAddress(engine);
const embed = readEmbed(location.search, isFramedByOthers());
if (embed === null) listenToKeys(engine);
exposePlayground(engine);
offerUpdates();

const host = document.getElementById("app");
invariant(host !== null, "index.html has an element #app");
const root = createRoot(host);
/** The page is in English and reads from left to right, whatever the browser's language: so do its tabs by the keyboard. */
const render = (app: ReactNode): void => root.render(<I18nProvider locale="en">{app}</I18nProvider>);
if (embed === null) render(<App engine={engine} />);
else
  void import("./EmbedApp.tsx").then(({ EmbedApp }) => render(<EmbedApp engine={engine} controls={embed} />));

const atRest = openBackend(engine, backend).then(() => prepareDemo(engine));
// An engine that never comes must not keep a better version of the site away.
const longEnough = new Promise((resolve) => setTimeout(resolve, 10_000));
// For each site that shows the page in a frame browsers would keep a copy of its own.
if (!isFramedByOthers()) void Promise.race([atRest, longEnough]).then(followServiceWorker);
