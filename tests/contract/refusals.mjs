// What a caller of the vendor's client gets when the server says no. Told: per case the status and the words.

import { agentIn, given, tell, webapi } from "./client.mjs";

const agent = agentIn();

async function refusal(promise) {
  try {
    return { answer: await promise };
  } catch (error) {
    return { status: error.response?.status, type: error.response?.data?.ErrorType, message: error.response?.data?.Message };
  }
}

const stranger = new webapi.ErpSyncAgent({ baseUrl: given.url, axiosConfig: { auth: { username: "admin", password: "wrong" } } });
tell({
  login: await refusal(stranger.getAllConnectorsAsync()),
  data: await refusal(agent.saveConnectionAsync({ erpConnectionId: 0, erpConnectorId: 999, displayName: "Nowhere" })),
  type: await refusal(agent.getConnectionAsync("one")),
  connector: await refusal(agent.getConfigurationFieldsAsync(given.connector)),
});
