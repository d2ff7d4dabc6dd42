/**
 * Whether an ICC profile says sRGB, whoever wrote it: many cameras and programs put one into each file, and there is
 * nothing to convert then. Profiles are told by what they hold, since names are not to be relied on.
 *
 * Anything unusual (tables instead of a matrix, pieces missing) counts as another profile.
 */
export function isSrgbProfile(profile: Uint8Array): boolean {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  const tags = readTags(view);
  if (tags === null || view.getUint32(16) !== 0x52474220) return false; // "RGB "
  if (["A2B0", "A2B1", "A2B2", "cicp"].some((name) => tags.has(name))) return false;
  const hasPrimaries = primaries.every(({ tag, xyz }) => isColorant(tags.get(tag), xyz));
  return hasPrimaries && ["rTRC", "gTRC", "bTRC"].every((tag) => isSrgbCurve(tags.get(tag)));
}

/** sRGB's primaries adapted to D50, as profiles have them. */
const primaries = [
  { tag: "rXYZ", xyz: [0.4361, 0.2225, 0.0139] },
  { tag: "gXYZ", xyz: [0.3851, 0.7169, 0.0971] },
  { tag: "bXYZ", xyz: [0.1431, 0.0606, 0.7141] },
] as const;
/** Profiles are rounded differently; the nearest other space (Rec. 709 apart) is ten times as far. */
const tolerance = 0.002;

/** The profile's parts by name; null when it is damaged. */
function readTags(view: DataView): ReadonlyMap<string, DataView> | null {
  if (view.byteLength < 132) return null;
  const count = view.getUint32(128);
  if (132 + 12 * count > view.byteLength) return null;
  const tags = new Map<string, DataView>();
  for (let at = 132; at < 132 + 12 * count; at += 12) {
    const from = view.getUint32(at + 4);
    const length = view.getUint32(at + 8);
    if (from + length > view.byteLength || length < 12) return null;
    const name = [0, 1, 2, 3].map((i) => String.fromCharCode(view.getUint8(at + i))).join("");
    tags.set(name, new DataView(view.buffer, view.byteOffset + from, length));
  }
  return tags;
}

function isColorant(tag: DataView | undefined, expected: readonly number[]): boolean {
  if (tag === undefined || tag.byteLength < 20) return false;
  return expected.every((value, i) => isNear(fixed16(tag, 8 + 4 * i), value));
}

/** As a formula, or as a table. */
function isSrgbCurve(tag: DataView | undefined): boolean {
  if (tag === undefined) return false;
  switch (tag.getUint32(0)) {
    case 0x70617261: // "para"
      return isSrgbFormula(tag);
    case 0x63757276: // "curv"
      return isSrgbTable(tag);
    default:
      return false;
  }
}

/** y = (a·x + b)^g from d on, c·x below; the fourth kind adds e and f, which are 0 then. */
function isSrgbFormula(tag: DataView): boolean {
  const kind = tag.getUint16(8);
  const expected = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, ...(kind === 4 ? [0, 0] : [])];
  if ((kind !== 3 && kind !== 4) || tag.byteLength < 12 + 4 * expected.length) return false;
  return expected.every((value, i) => isNear(fixed16(tag, 12 + 4 * i), value));
}

function isSrgbTable(tag: DataView): boolean {
  const entries = tag.getUint32(8);
  if (entries < 16 || tag.byteLength < 12 + 2 * entries) return false; // 0: linear, 1: a bare power
  for (let i = 0; i < entries; i++) {
    const x = i / (entries - 1);
    const linear = x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    if (!isNear(tag.getUint16(12 + 2 * i) / 65535, linear)) return false;
  }
  return true;
}

function isNear(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= tolerance;
}

/** A number with sixteen bits behind the point. */
function fixed16(tag: DataView, at: number): number {
  return tag.getInt32(at) / 65536;
}
