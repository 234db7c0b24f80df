/** The entries of a menu. */

export interface MenuItemOptions {
  label?: string;
  text?: string;
  action?: () => unknown;
  id?: string;
  icon?: unknown;
  checked?: boolean;
  disabled?: boolean;
  dangerous?: boolean;
  tabindex?: number;
}

export class MenuItem {
  readonly type = "action";
  label: string;
  action: () => unknown;
  id: string | undefined;
  icon: unknown;
  checked: boolean;
  disabled: boolean;
  dangerous: boolean;
  tabindex: number;

  constructor(options: MenuItemOptions) {
    this.label = options.label ?? options.text ?? "";
    this.action = options.action ?? (() => undefined);
    this.id = options.id;
    this.icon = options.icon;
    this.checked = options.checked ?? false;
    this.disabled = options.disabled ?? false;
    this.dangerous = options.dangerous ?? false;
    this.tabindex = options.tabindex ?? 0;
  }

  get text(): string {
    return this.label;
  }
}

export class MenuDivider {
  readonly type = "divider";
}

export function menuDivider(): MenuDivider {
  return new MenuDivider();
}

export function menuItem(
  label: string,
  action: () => unknown,
  options: MenuItemOptions = {},
): MenuItem {
  return new MenuItem({ ...options, label, action });
}

/** Menu entries from instances or plain options. */
export function toMenuItems(
  entries: (MenuItem | MenuDivider | MenuItemOptions)[],
): (MenuItem | MenuDivider)[] {
  return entries.map((entry) =>
    entry instanceof MenuItem || entry instanceof MenuDivider ? entry : new MenuItem(entry),
  );
}
