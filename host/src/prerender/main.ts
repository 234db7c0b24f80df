import "../runtime/main.ts";
