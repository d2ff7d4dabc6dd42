/** Hidden inputs of the page (`PageDrop.tsx`) that ask for images. */
export const imageInputs = { folder: "image-folder", files: "image-files" } as const;

/** Asks the visitor for a folder, or for files, of images. */
export function askForImages(kind: keyof typeof imageInputs): void {
  document.getElementById(imageInputs[kind])?.click();
}
