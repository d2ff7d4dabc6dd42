import { useState } from "react";
import type { linkStore } from "../stores/linkStore.ts";
import type { Transfer } from "../stores/webStore.ts";

type LinkState = ReturnType<typeof linkStore.getState>;

/**
 * The address in a form that takes things from the web, and whether the form is unfolded. When another link is opened,
 * its address is filled in and shown, and nothing more. A form that was closed comes back with what it is at.
 */
export function useLinkedAddress(linked: LinkState["data"], transfer: Transfer) {
  const [address, setAddress] = useState(() => ("wanted" in transfer ? transfer.wanted.address : ""));
  const [isOpen, setOpen] = useState("wanted" in transfer && transfer.phase !== "done");
  const [lastLinked, setLastLinked] = useState<typeof linked>(null);
  if (linked !== lastLinked) {
    setLastLinked(linked);
    if (linked !== null) {
      setAddress(linked.address);
      setOpen(true);
    }
  }
  return { address, setAddress, isOpen, setOpen };
}
