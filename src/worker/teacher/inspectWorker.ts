/** Looks at files that may become the teacher, away from page and engine: one question, after which it is ended. */
import { toWire } from "../../contract/errors.ts";
import type { InspectRequests } from "../../contract/protocol.ts";
import { serve } from "../../lib/channel.ts";
import { givenFiles } from "./givenFiles.ts";
import { inspectTeacher } from "./inspectTeacher.ts";

serve<InspectRequests>(
  self,
  { inspectTeacher: ({ files }) => inspectTeacher(givenFiles(files)) },
  { toWire },
);
