/** Share of equal entries. */
export function accuracy(predictions: ArrayLike<number>, classes: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < classes.length; i++) if (predictions[i] === classes[i]) right++;
  return right / classes.length;
}

/** The class with the largest score in each row of [N, classCount] (of equals the smallest class). */
export function largestScores(scores: ArrayLike<number>, classCount: number): Int32Array {
  return Int32Array.from({ length: scores.length / classCount }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classCount; c++)
      if (scores[i * classCount + c]! > scores[i * classCount + best]!) best = c;
    return best;
  });
}

/** Share of rows in which fewer than k classes score higher than the true one. */
export function topKAccuracy(
  scores: ArrayLike<number>,
  classCount: number,
  classes: ArrayLike<number>,
  k: number,
): number {
  let right = 0;
  for (let i = 0; i < classes.length; i++) {
    const truth = scores[i * classCount + classes[i]!]!;
    let higher = 0;
    for (let c = 0; c < classCount; c++) if (scores[i * classCount + c]! > truth) higher++;
    if (higher < k) right++;
  }
  return right / classes.length;
}

/** [classCount, classCount] counts: rows the truth, columns the prediction. */
export function confusionMatrix(
  predictions: ArrayLike<number>,
  classes: ArrayLike<number>,
  classCount: number,
): Int32Array {
  const matrix = new Int32Array(classCount * classCount);
  for (let i = 0; i < classes.length; i++) matrix[classes[i]! * classCount + predictions[i]!]!++;
  return matrix;
}
