// Which transpiler this is: a hash over its code and everything bundled with it. The build
// puts it in; every cached module carries it.

declare const __TRANSPILER_VERSION__: string;

export const VERSION: string = __TRANSPILER_VERSION__;
