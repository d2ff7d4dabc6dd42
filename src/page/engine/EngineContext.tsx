import { createContext, useContext } from "react";
import { invariant } from "../../lib/invariant.ts";
import type { EngineClient } from "./engineClient.ts";

/** Hands the one engine to the panels. */
export const EngineContext = createContext<EngineClient | null>(null);

export function useEngine(): EngineClient {
  const engine = useContext(EngineContext);
  invariant(engine !== null, "useEngine needs an EngineContext above it");
  return engine;
}
