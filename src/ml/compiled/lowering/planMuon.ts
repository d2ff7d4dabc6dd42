import { newtonSchulz, rateScale, smallestNorm, vectorRule } from "../../optim/muonRule.ts";
import {
  matrixBlock,
  muonDirections,
  muonGram,
  muonMomentum,
  muonMove,
  muonNormalise,
  muonPolynomial,
  muonProduct,
  muonTiles,
  startAgainAfter,
  tilesPerRow,
} from "../../wgsl/muon.ts";
import { padToFour } from "../../wgsl/kernel.ts";
import type { FlatLayout } from "../plan/parameterLayout.ts";
import type { Plan, PlanTensor } from "../plan/plan.ts";

interface MuonTables {
  /** For each block of 64 parameters: which block of second moments is its, or `matrixBlock`. */
  readonly blocks: Uint32Array<ArrayBuffer>;
  readonly momentBlocks: number;
  /** Tiles of the squares' upper halves, and of the matrices: rows of `muonTiles`. */
  readonly squareTiles: Uint32Array<ArrayBuffer>;
  readonly weightTiles: Uint32Array<ArrayBuffer>;
  /** Of all squares together, in numbers. */
  readonly squaresSize: number;
  readonly matrices: number;
}

type TileRow = Parameters<typeof muonTiles.pack>[0][number];

/** Where everything is that Muon's kernels work on. */
function muonTables(layout: FlatLayout): MuonTables {
  const matrices = layout.matrices();
  const isMatrix = new Array<boolean>(layout.size / 64).fill(false);
  const squareTiles: TileRow[] = [];
  const weightTiles: TileRow[] = [];
  let squaresSize = 0;
  matrices.forEach((matrix, index) => {
    const { offset, rows, columns } = matrix;
    isMatrix.fill(true, offset / 64, Math.ceil((offset + rows * columns) / 64));
    const side = padToFour(Math.min(rows, columns)) / 4;
    const append = (table: TileRow[], tiles: number): void => {
      for (let first = 0; first < tiles; first += tilesPerRow)
        table.push({
          weight: offset / 4,
          rows,
          columns: columns / 4,
          square: squaresSize / 4,
          first,
          side,
          matrix: index,
          rateScale: rateScale(matrix.shape),
        });
    };
    append(squareTiles, (side + 1) * Math.ceil(side / 2));
    append(weightTiles, Math.ceil(rows / 4) * (columns / 4));
    squaresSize += 16 * side * side;
  });
  let momentBlocks = 0;
  const blocks = Uint32Array.from(isMatrix, (matrix) => (matrix ? matrixBlock : momentBlocks++));
  return {
    blocks,
    momentBlocks,
    squareTiles: muonTiles.pack(squareTiles),
    weightTiles: muonTiles.pack(weightTiles),
    squaresSize,
    matrices: matrices.length,
  };
}

export interface MuonOperands {
  readonly settings: PlanTensor;
  /** Left as directions. */
  readonly gradients: PlanTensor;
  readonly velocities: PlanTensor;
  readonly parameters: PlanTensor;
}

export interface PlannedMuon {
  readonly constants: { tensor: PlanTensor; data: Uint32Array<ArrayBuffer> }[];
  readonly moments: PlanTensor;
  /** In elements; of a parameter that is no matrix. */
  readonly momentOffsetOf: (name: string) => number;
}

/**
 * Writes Muon's step into a plan: twenty launches, however many weights there are.
 *
 * @returns what must be filled once, when the plan is built, and where the second moments of vectors lie.
 */
export function planMuon(
  plan: Plan,
  layout: FlatLayout,
  { settings, gradients, velocities, parameters }: MuonOperands,
  { momentum, weightDecay }: { readonly momentum: number; readonly weightDecay: number },
): PlannedMuon {
  const tables = muonTables(layout);
  const constants: { tensor: PlanTensor; data: Uint32Array<ArrayBuffer> }[] = [];
  const constant = (label: string, data: Uint32Array<ArrayBuffer>): PlanTensor => {
    const tensor = plan.persistent(label, data.length);
    constants.push({ tensor, data });
    return tensor;
  };
  const blocks = constant("Muon's blocks", tables.blocks);
  const moments = plan.persistent("second moments", 64 * Math.max(1, tables.momentBlocks));
  plan.launch(muonMomentum(layout.size, momentum, vectorRule), [
    settings,
    blocks,
    gradients,
    velocities,
    moments,
    parameters,
  ]);

  const tiles = constant("tiles of squares", tables.squareTiles);
  const rows = tables.squareTiles.length / muonTiles.size;
  const weightTiles = constant("tiles of weights", tables.weightTiles);
  const weightRows = tables.weightTiles.length / muonTiles.size;
  const square = (label: string): PlanTensor => plan.transient(label, tables.squaresSize);
  const product = (left: PlanTensor, right: PlanTensor, label: string): PlanTensor => {
    const result = square(label);
    plan.launch(muonProduct(rows), [tiles, left, right, result]);
    return result;
  };
  const gramOf = (directions: PlanTensor): PlanTensor => {
    const result = square("Gram matrices");
    plan.launch(muonGram(rows), [tiles, directions, result]);
    return result;
  };
  /** The product of so many iterations' polynomials. */
  const iterate = (gram: PlanTensor, iterations: number): PlanTensor => {
    let all: PlanTensor | null = null;
    for (let left = iterations; left > 0; left--) {
      const polynomial = square("polynomials");
      plan.launch(muonPolynomial(rows, newtonSchulz), [tiles, gram, polynomial]);
      all = all === null ? polynomial : product(polynomial, all, "all polynomials");
      if (left > 1) gram = product(polynomial, product(polynomial, gram, "P·G"), "P·G·P");
    }
    return all as PlanTensor;
  };

  const normalised = square("normalised Gram matrices");
  const scales = plan.transient("scales", tables.matrices);
  plan.launch(muonNormalise(rows, smallestNorm), [tiles, gramOf(gradients), normalised, scales]);
  const first = iterate(normalised, startAgainAfter);
  const directions = plan.transient("directions", layout.size);
  plan.launch(muonDirections(weightRows), [weightTiles, gradients, first, scales, directions]);
  const second = iterate(gramOf(directions), newtonSchulz.iterations - startAgainAfter);
  plan.launch(muonMove(weightRows, weightDecay), [settings, weightTiles, directions, second, parameters]);
  return { constants, moments, momentOffsetOf: (name) => tables.blocks[layout.offsetOf(name) / 64]! * 64 };
}
