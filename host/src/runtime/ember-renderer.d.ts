/** What build-ember.mjs makes of Ember's renderer. */
declare module "realmkit:ember-renderer" {
  export class BaseRenderer {
    static strict(
      owner: object,
      document: Document,
      options: { isInteractive: boolean; hasDOM: boolean },
    ): BaseRenderer;
    render(component: object, options: { into: Element; args?: object }): { destroy(): void };
    destroy(): void;
  }
}
