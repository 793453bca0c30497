/** The packages bring no types; each exports the function that starts its module. */
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const start: unknown;
  export default start;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const start: unknown;
  export default start;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const start: unknown;
  export default start;
}

/** The part of the WebAssembly interface that is used; the compiler knows it with the DOM only. */
declare namespace WebAssembly {
  function compile(bytes: Uint8Array): Promise<Module>;
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: object;
  }
}
