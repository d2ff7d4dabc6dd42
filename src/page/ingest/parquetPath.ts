/** By its name: what is in it is looked into when it is offered. */
export function isParquetPath(path: string): boolean {
  return /\.(parquet|parq)$/i.test(path);
}
