// The vendor's client, pointed at the emulator that the environment names, with every call it makes written down.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { check, readCarriers, readMethods } from "./declared.mjs";

const folder = process.env.VENDOR_CLIENT;
const url = process.env.SUPEROFFICE_URL;
const [username, password] = process.env.SUPEROFFICE_LOGIN.split(":");

// The package's own ES modules import each other without file endings, which Node refuses: its CommonJS half is used.
export const webapi = createRequire(join(folder, "package.json"))("@superoffice/webapi");
export const version = JSON.parse(readFileSync(join(folder, "node_modules/@superoffice/webapi/package.json"), "utf8")).version;
export const methods = readMethods(folder);

/** The public methods as the class really has them. */
export const reflected = Object.getOwnPropertyNames(webapi.ErpSyncAgent.prototype).filter((name) => /^[a-z]\w*Async$/.test(name));

/** What the caller of this script handed over. */
export const given = JSON.parse(readFileSync(0, "utf8"));

/** Hand the result back. */
export const tell = (result) => process.stdout.write(JSON.stringify(result));

const auth = { username, password };

/** The vendor's agent as it is: raw texts, or in one language. */
export function agentIn(languageCode) {
  const language = languageCode ? { languageCode } : { resourceParsing: 1 }; // DoNotParse
  return new webapi.ErpSyncAgent({ baseUrl: url, axiosConfig: { auth }, ...language });
}

/** The same, and of every call a line in `calls`: what was sent, what came, and what is wrong with it. */
export function recordingAgent() {
  const agent = agentIn();
  const carriers = readCarriers(folder);
  const enums = (name) => webapi[name];
  const calls = [];
  const handler = {
    get(target, method) {
      if (!(method in methods)) throw new Error(`The agent declares no ${String(method)}.`);
      return async (...parameters) => {
        const { parameters: declared, returns } = methods[method];
        if (parameters.length !== declared.length - 1) throw new Error(`${method} takes ${declared.slice(0, -1)}`);
        let response;
        const result = await target[method](...parameters, { responseCallback: (one) => (response = one) });
        const onWire = check(response.data, returns, { carriers, enums, wire: true });
        const typed = check(result, returns, { carriers, enums, wire: false });
        const [operation, query = ""] = response.config.url.split("?");
        calls.push({
          method,
          operation,
          query,
          verb: response.config.method,
          status: response.status,
          returns,
          sent: response.config.data ? JSON.parse(response.config.data) : null,
          result: result ?? null,
          problems: [...onWire.problems.map((one) => `wire${one}`), ...typed.problems.map((one) => `typed${one}`)],
          nulls: onWire.nulls,
        });
        return result;
      };
    },
  };
  return { agent: new Proxy(agent, handler), calls };
}
