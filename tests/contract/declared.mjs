// What the vendor's client declares, read from its own type declarations, and a check of answers against it.
//
// The declarations are generated and regular, so a few expressions read them; nothing is transcribed by us. An answer is
// held to them twice: as it came over the wire (exact names in PascalCase, text where a date will be) and as the client
// hands it to its caller (names in camelCase, real dates and durations, enums that it knows).

import { readFileSync } from "node:fs";
import { join } from "node:path";

const text = (folder, name) => readFileSync(join(folder, "node_modules/@superoffice/webapi/dist/cjs", name), "utf8");

/** The agent's methods: name → {parameters, returns}. The last overload counts, which takes parameters one by one. */
export function readMethods(folder) {
  const [, body] = /export declare class ErpSyncAgent [^{]*\{([^]*?)\n\}/.exec(text(folder, "ErpSyncAgent.d.ts"));
  const methods = {};
  for (const [, name, parameters, returns] of body.matchAll(/^ {4}(\w+Async)\((.*)\): Promise<(.+)>;$/gm)) {
    methods[name] = { parameters: parameters ? parameters.split(", ").map((one) => one.split(/\??:/)[0]) : [], returns };
  }
  return methods;
}

/** The carriers: name → {members: {name: type}, values: type of a dictionary's values or null}. */
export function readCarriers(folder) {
  const own = {};
  const interfaces = /^export interface (\w+)(?: extends (\w+))? \{$([^]*?)^\}$/gm;
  for (const [, name, parent, body] of text(folder, "Carriers.d.ts").matchAll(interfaces)) {
    const values = /^ {4}\[index: string\]: (.+);$/m.exec(body)?.[1] ?? null;
    const members = Object.fromEntries(Array.from(body.matchAll(/^ {4}(\w+)\??: (.+);$/gm), ([, member, type]) => [member, type]));
    own[name] = { parent, members, values };
  }
  const whole = (name) => ({ ...(own[name].parent ? whole(own[name].parent) : {}), ...own[name].members });
  return Object.fromEntries(Object.keys(own).map((name) => [name, { members: whole(name), values: own[name].values }]));
}

const onTheWire = (member) => member[0].toUpperCase() + member.slice(1);

/**
 * Hold one value to a declared type.
 *
 * problems: everything that differs. nulls: places of null where null is possible at all (texts, lists, carriers).
 */
export function check(value, type, { carriers, enums, wire }) {
  const problems = [];
  const nulls = [];
  const say = (place, wanted, found) => problems.push(`${place}: ${wanted} expected, not ${JSON.stringify(found) ?? "nothing"}`);
  const plain = (found) => typeof found === "object" && found !== null && !Array.isArray(found);

  function walk(found, wanted, place) {
    const name = wanted.replace(/^(carriers|enums)\./, "");
    if (wanted === "void") {
      if (found !== "" && found !== undefined && found !== null) say(place, "nothing", found);
    } else if (wanted === "number") {
      if (!Number.isInteger(found)) say(place, "a whole number", found);
    } else if (wanted === "boolean") {
      if (typeof found !== "boolean") say(place, "true or false", found);
    } else if (wanted.startsWith("enums.") && !wanted.endsWith("[]")) {
      if (!Object.values(enums(name)).includes(found)) say(place, name, found);
    } else if (wanted === "Date") {
      const written = typeof found === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(found);
      if (wire ? !written : !(found instanceof Date) || Number.isNaN(+found)) say(place, "a date", found);
    } else if (wanted === "Duration") {
      const written = typeof found === "string" && /^\d+:\d\d:\d\d$/.test(found);
      if (wire ? !written : !Number.isInteger(found?.asSeconds?.())) say(place, "a duration", found);
    } else if (found === null) {
      nulls.push(place);
    } else if (wanted === "string") {
      if (typeof found !== "string") say(place, "a text", found);
    } else if (wanted.endsWith("[]")) {
      if (!Array.isArray(found)) say(place, "a list", found);
      else for (const one of found) walk(one, wanted.slice(0, -2), `${place}[]`);
    } else if (!(name in carriers)) {
      throw new Error(`The declarations have no ${name}.`);
    } else if (!plain(found)) {
      say(place, name, found);
    } else if (carriers[name].values) {
      for (const [key, one] of Object.entries(found)) walk(one, carriers[name].values, `${place}{${key}}`);
    } else {
      const declared = Object.entries(carriers[name].members);
      const members = Object.fromEntries(declared.map(([one, its]) => [wire ? onTheWire(one) : one, its]));
      for (const one of Object.keys(found)) if (!(one in members)) problems.push(`${place}.${one}: ${name} has no such member`);
      for (const [one, its] of Object.entries(members)) {
        if (one in found) walk(found[one], its, `${place}.${one}`);
        else problems.push(`${place}.${one}: missing in ${name}`);
      }
    }
  }

  walk(value, type, "");
  return { problems, nulls: [...new Set(nulls)] };
}
