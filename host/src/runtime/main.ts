/**
 * The runtime: evaluated before any card module, whatever page it is in.
 *
 * It installs `__realmkit`, which transpiled modules call, and the decorator
 * helpers that compiled classes look for. One copy per page.
 */

import "decorator-transforms/globals";
import "./globals.ts";
