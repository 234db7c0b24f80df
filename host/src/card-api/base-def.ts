export class BaseDef {}
