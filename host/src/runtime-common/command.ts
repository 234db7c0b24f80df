/** Commands act outside of a card; here they can be made and named, and do nothing. */

export abstract class Command<_Input = unknown, _Result = unknown> {
  static actionVerb = "Run";
  name = this.constructor.name;
  description = "";
  readonly commandContext: unknown;

  constructor(commandContext?: unknown) {
    this.commandContext = commandContext;
  }

  async getInputType(): Promise<unknown> {
    return undefined;
  }

  async execute(_input?: unknown): Promise<never> {
    throw new Error(`The command ${this.name} cannot run here.`);
  }
}
