/**
 * No circles, of files or of folders, imports of types included: what goes round in a circle can only be understood, moved
 * and tested as one. ESLint's own rules say which way imports point (eslint.config.js); this finds the circles that
 * remain within a folder.
 */
export default {
  forbidden: [
    {
      name: "no-circular-files",
      severity: "error",
      comment: "Take what both need into a file below them, or hand it over as an argument.",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-circular-folders",
      severity: "error",
      comment: "Move the file that points up, or hand what it needs over as an argument.",
      scope: "folder",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    doNotFollow: { path: "node_modules" },
    // Tests reach anywhere. The door to tfjs is ground to the folder it lies in, like the package behind it.
    exclude: { path: ["\\.test\\.tsx?$", "/testing/", "^src/ml/tfjs/tf\\.ts$"] },
  },
};
