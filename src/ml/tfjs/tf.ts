/**
 * The one door to tfjs. Importing `@tensorflow/tfjs-core` directly yields ops without gradients, and two copies
 * yield two engines; so everything imports from here.
 */
export * from "@tensorflow/tfjs";
