import { useState } from "react";
import type { linkStore } from "../stores/linkStore.ts";

type LinkState = ReturnType<typeof linkStore.getState>;

/**
 * The address in a form that takes things from the web, and whether the form is unfolded. When another link is opened,
 * its address is filled in and shown, and nothing more.
 */
export function useLinkedAddress(linked: LinkState["data"]) {
  const [address, setAddress] = useState("");
  const [isOpen, setOpen] = useState(false);
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
