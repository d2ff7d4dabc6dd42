import { latexTable } from "../../formats/latexTable.ts";
import { figureSvg } from "../plots/figureSvg.ts";
import { saveFigureAs } from "../plots/saveFigureAs.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { ablationFigures } from "./ablationFigures.ts";
import { ablationReport } from "./ablationReport.ts";
import { ablationCsv, ablationTable } from "./ablationTable.ts";
import { paperFigure } from "./paperFigure.ts";

/** What an ablation can be kept as. */
export type AblationFile = "csv" | "latex" | "svg" | "png" | "report";

/** Of figures each is a file. */
export async function saveAblation(kind: AblationFile): Promise<void> {
  const { design, config, jobs } = ablationStore.getState();
  switch (kind) {
    case "csv":
      saveFile("ablation.csv", ablationCsv(design, jobs), "text/csv");
      return;
    case "latex": {
      const { header, rows, caption } = ablationTable(design, jobs);
      const text = latexTable(header, rows, { caption, label: "tab:ablation" });
      saveFile("ablation.tex", text, "application/x-tex");
      return;
    }
    case "svg":
    case "png":
      for (const source of ablationFigures(design, config, jobs))
        await saveFigureAs(kind, source.id, figureSvg(paperFigure(source)));
      return;
    case "report":
      saveFile("ablation.html", ablationReport(design, config, jobs), "text/html");
  }
}
