import type { RequestName, Requests } from "../../contract/protocol.ts";

/** How some of the engine's requests are answered. */
export type RequestHandlers<K extends RequestName = RequestName> = {
  [Name in K]: (input: Requests[Name]["in"]) => Promise<Requests[Name]["out"]> | Requests[Name]["out"];
};
