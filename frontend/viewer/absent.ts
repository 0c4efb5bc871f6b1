/** Stands for a library that the renderer can read files of other kinds with, which the viewer never does. */
export function create(): never {
  throw new Error("not part of the viewer");
}

export const createCB = create;
export const fragment = create;
export const convert = create;
export default { create, createCB, fragment, convert };
