/** Templates are compiled by the transpiler, not by TypeScript: their exports are untyped here. */
declare module "*.gts" {
  const component: any;
  export default component;
  export const BoxelInputGroup: any;
  export const CardContainer: any;
  export const CardContentContainer: any;
  export const GridContainer: any;
  export const Header: any;
  export const Label: any;
  export const LoadingIndicator: any;
  export const PROBE_TEXT: string;
}
