import { AppError } from "../../contract/errors.ts";
import type { TeacherCard } from "../../contract/teacher.ts";

/**
 * The side a run's images have for a teacher.
 *
 * @param inputSize the run's setting; 0: the teacher's own.
 * @param anySize whether the network takes images of other sizes.
 * @throws AppError "config-invalid" when a network of a fixed size is given another.
 */
export function teacherInputSide(card: TeacherCard, inputSize: number, anySize: boolean): number {
  const side = inputSize === 0 ? card.inputSize : inputSize;
  if (side !== card.inputSize && !anySize) {
    throw new AppError(
      "config-invalid",
      `This teacher takes images of ${card.inputSize} pixels only, not ${side}`,
      { hint: "Set “Teacher input” to 0, the teacher's own size." },
    );
  }
  return side;
}
