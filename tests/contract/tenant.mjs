// The vendor's client at a tenant of SuperOffice Online: its own three ways to say who it is. Told: per way, an answer or a status.

import { given, tell, webapi } from "./client.mjs";

async function connectors(prepare, url = given.api) {
  const api = new webapi.WebApi(url, { headers: {} });
  prepare(api);
  try {
    return (await api.getErpSyncAgent().getAllConnectorsAsync()).map((one) => one.name);
  } catch (error) {
    return error.response?.status ?? String(error);
  }
}

tell({
  ticket: await connectors((api) => {
    api.authenticateWithTicket(given.ticket);
    api.applicationToken(given.appToken);
  }),
  alone: await connectors((api) => api.authenticateWithTicket(given.ticket)),
  bearer: await connectors((api) => api.authenticateWithToken(given.token)),
  password: await connectors((api) => api.authenticateWithPassword("admin", "admin")),
  root: await connectors((api) => api.authenticateWithToken(given.token), given.root),
});
