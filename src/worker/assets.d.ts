/** Vite: the address under which a file is served, in the build as in development. */
declare module "*?url" {
  const address: string;
  export default address;
}
/** Vite: a file's text. */
declare module "*?raw" {
  const text: string;
  export default text;
}
