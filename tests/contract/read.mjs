// Everything about ERP Sync that the vendor's client can see, as it sees it. Told: connectors, connections (deleted ones too)
// with what lies below them, and the engine. The agent has no method that reads the order of connections.

import { agentIn, tell, webapi } from "./client.mjs";

const agent = agentIn();
const without = ({ tableRight, fieldProperties, ...rest }) => rest;

async function actorsOf(id) {
  const actors = {};
  for (const type of Object.values(webapi.ErpActorType)) {
    const mapping = await agent.getActorTypeMappingAsync(id, type);
    if (mapping === null) continue;
    const fields = [];
    for (const field of mapping.fieldMappings) {
      const its = await agent.getDefaultValueInfoAsync(field.erpFieldId);
      const value = its.hasFirstSyncDefaultValue ? its.firstSyncDefaultValue : null;
      fields.push({ ...without(field), default: value, promptUser: its.promptUser, mandatory: its.mandatory });
    }
    actors[type] = {
      sync: mapping.isActive,
      crm: mapping.actorTypeCrm,
      order: fields.map((one) => one.erpFieldKey),
      fields: Object.fromEntries(fields.map((one) => [one.erpFieldKey, one])),
    };
  }
  return actors;
}

async function itemsOf(id, actors) {
  const byId = {};
  for (const actor of Object.values(actors)) for (const field of Object.values(actor.fields)) byId[field.erpFieldId] = field;
  const container = await agent.getConnectionListMappingsAsync(id);
  for (const list of container?.erpListItemMappings ?? []) {
    const pairs = list.erpCrmListItemMappings.map((one) => [one.erpListItemId, one.crmListItem?.name ?? null]);
    byId[list.erpFieldId].items = Object.fromEntries(pairs);
  }
}

const connections = [];
for (const { erpConnectionId: id } of await agent.getAllConnectionsAsync(true)) {
  const connection = without(await agent.getConnectionAsync(id));
  const actors = await actorsOf(id);
  if (!connection.deleted) await itemsOf(id, actors);
  connections.push({ ...connection, actors });
}
const connectors = [];
for (const { id } of await agent.getAllConnectorsAsync()) connectors.push(without(await agent.getErpSyncConnectorEntityAsync(id)));
const { isRunning, interval } = await agent.getEngineStatusAsync();

tell({ connectors, connections, engine: { run: isRunning, seconds: interval.asSeconds() } });
