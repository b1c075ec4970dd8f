// The check of answers, checked: given values and their declared types, it tells what it finds wrong.

import { check, readCarriers } from "./declared.mjs";
import { given, tell, webapi } from "./client.mjs";

const carriers = readCarriers(process.env.VENDOR_CLIENT);
const enums = (name) => webapi[name];
tell(given.map(([value, type]) => check(value, type, { carriers, enums, wire: true }).problems));
