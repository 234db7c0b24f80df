// Packages that bring no types of their own.

declare module "@babel/plugin-transform-typescript";
declare module "decorator-transforms";
declare module "ember-concurrency/async-arrow-task-transform";
declare module "ember-source/ember-template-compiler/index.js" {
  export function precompile(template: string, options: object): string;
}
declare module "ember-source/@ember/template-compiler/lib/plugins/index.js" {
  export const STRICT_MODE_TRANSFORMS: readonly unknown[];
}
declare module "ember-source/@ember/template-compiler/lib/plugins/allowed-globals.js" {
  export const ALLOWED_GLOBALS: Set<string>;
}
