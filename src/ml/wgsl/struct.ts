type Scalar = "f32" | "i32";

/** Named numbers as they lie in a buffer: what TypeScript writes and what kernels read, from one description. */
export class Struct<Field extends string = string> {
  constructor(
    readonly name: string,
    readonly fields: Readonly<Record<Field, Scalar>>,
  ) {}

  /** In 4-byte elements. */
  get size(): number {
    return Object.keys(this.fields).length;
  }

  /** WGSL. */
  get declaration(): string {
    const fields = Object.entries<Scalar>(this.fields).map(([field, type]) => `${field}: ${type},`);
    return `struct ${this.name} { ${fields.join(" ")} }`;
  }

  /** One after the other, as `array<…>` of them is read. */
  pack(rows: readonly Readonly<Record<Field, number>>[]): Uint32Array<ArrayBuffer> {
    const bytes = new DataView(new ArrayBuffer(rows.length * this.size * 4));
    const fields = Object.entries<Scalar>(this.fields) as [Field, Scalar][];
    rows.forEach((row, i) => {
      fields.forEach(([field, type], j) => {
        const at = (i * this.size + j) * 4;
        if (type === "f32") bytes.setFloat32(at, row[field], true);
        else bytes.setInt32(at, row[field], true);
      });
    });
    return new Uint32Array(bytes.buffer);
  }
}
