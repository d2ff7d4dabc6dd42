import type { EmbedControls } from "../embed/embedControls.ts";
import { EmbedView } from "../embed/EmbedView.tsx";
import type { EngineClient } from "../engine/engineClient.ts";
import { EngineContext } from "../engine/EngineContext.tsx";
import { Announcer } from "./Announcer.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { shareAddress } from "./followAddress.ts";
import { Notices } from "./Notices.tsx";

interface EmbedAppProps {
  readonly engine: EngineClient;
  readonly controls: EmbedControls;
}

/** The shell of the embedded view, in place of `App`: no set-up, no files, no keys of its own. */
export function EmbedApp({ engine, controls }: EmbedAppProps) {
  return (
    <ErrorBoundary>
      <EngineContext value={engine}>
        <EmbedView controls={controls} fullAddress={shareAddress} />
        <Notices />
        <Announcer />
      </EngineContext>
    </ErrorBoundary>
  );
}
