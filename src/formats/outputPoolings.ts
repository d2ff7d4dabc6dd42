import type { Pooling } from "../contract/teacher.ts";

/** What can be made of values of a rank, batch included; the first is the default. @param rank null: not known. */
export function poolingsOf(rank: number | null): readonly Pooling[] {
  switch (rank) {
    case 2:
      return ["none"];
    case 3:
      return ["firstToken", "meanToken"];
    case 4:
      return ["average"];
    default:
      return ["none", "average", "firstToken", "meanToken"];
  }
}
