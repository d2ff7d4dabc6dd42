import { scoreOf, type Replay } from "../src/page/verdict/testing/replay.ts";

/** How the verdicts did on recorded runs: in all, and run by run. Markdown. */
export function verdictReport(replays: readonly Replay[]): string {
  const sets = ["tune", "held"] as const;
  const summary = sets.map((set) => {
    const { runs, earlyRight, lateRight, healthyMoments, alarms } = scoreOf(
      replays.filter(({ recording }) => recording.set === set),
    );
    return [
      set,
      runs,
      `${earlyRight} (${percent(earlyRight / runs)})`,
      `${lateRight} (${percent(lateRight / runs)})`,
      `${alarms} of ${healthyMoments} (${percent(alarms / healthyMoments)})`,
    ];
  });
  const rows = [...replays]
    .sort((a, b) => Number(b.recording.healthy) - Number(a.recording.healthy))
    .map((replay) => {
      const { recording, early, isEarlyRight, late, isLateRight, rightFromStep } = replay;
      const steps = recording.plan?.totalSteps ?? 0;
      return [
        recording.name,
        recording.set,
        recording.healthy ? "yes" : "no",
        recording.reason,
        isEarlyRight ? early : `**${early}**`,
        isLateRight ? late : `**${late}**`,
        rightFromStep === null ? "never" : `${rightFromStep} of ${steps}`,
      ];
    });
  return [
    table(["runs", "number", "right at a fifth", "right at the end", "false alarms"], summary),
    table(
      ["run", "set", "healthy", "what a person says", "at a fifth", "at the end", "right from step"],
      rows,
    ),
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
