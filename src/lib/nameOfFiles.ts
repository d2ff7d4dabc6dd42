/** Files as one name for people: "model.json and 2 more". */
export function nameOfFiles(files: readonly File[]): string {
  const first = files[0]?.name ?? "";
  return files.length === 1 ? first : `${first} and ${files.length - 1} more`;
}
