/** Packs what is taken away, away from page and engine, and is ended afterwards. */
import { toWire } from "../../contract/errors.ts";
import type { ExportRequests } from "../../contract/studentExport.ts";
import { buffersIn, serve } from "../../lib/channel.ts";

serve<ExportRequests>(
  self,
  {
    packStudent: async (job, { onProgress }) => {
      const [{ packStudent }, { browserRuntimes }] = await Promise.all([
        import("./packStudent.ts"),
        import("./browserRuntimes.ts"),
      ]);
      return packStudent(job, browserRuntimes, onProgress);
    },
    packCluster: async (job, { onProgress }) => {
      const { packCluster } = await import("./packCluster.ts");
      return { zip: await packCluster(job, onProgress) };
    },
    packEmbeddings: async (job, { onProgress }) => {
      const { packEmbeddings } = await import("./packEmbeddings.ts");
      return { zip: await packEmbeddings(job, onProgress) };
    },
  },
  { toWire, transfer: buffersIn },
);
