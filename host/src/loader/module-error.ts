/** Why a module or one of its exports could not be had; the author's to read. */

export class ModuleError extends Error {
  override name = "ModuleError";
  readonly status: number;
  readonly title: string;
  /** Identities of the modules whose change may heal this, a missing one included. */
  readonly dependencies: string[];

  constructor(failure: {
    status: number;
    title: string;
    message: string;
    dependencies: string[];
    cause?: unknown;
  }) {
    super(failure.message, { cause: failure.cause });
    this.status = failure.status;
    this.title = failure.title;
    this.dependencies = failure.dependencies;
  }
}
