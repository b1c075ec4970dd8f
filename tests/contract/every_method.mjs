// An administrator's day with the vendor's client, from an empty tenant to a deleted connector: every method of its agent,
// each at least once, with answers of every kind. Told: the methods there are, every call, and what was seen on the way.

import { agentIn, given, methods, recordingAgent, reflected, tell, version, webapi } from "./client.mjs";

const { agent, calls } = recordingAgent();
const { CrmActorType, ErpActorType } = webapi;
const { Customer, Person } = ErpActorType;
const { Contact } = CrmActorType;
const seen = {};

// ---- a connector ----

const blank = await agent.createDefaultErpSyncConnectorEntityAsync();
seen.urls = [await agent.testConnectorUrlAsync(given.url), await agent.testConnectorUrlAsync("https://nobody.example.com/")];
const connector = await agent.saveErpSyncConnectorEntityAsync({ ...blank, displayName: "Visma Business", uRL: given.url });
seen.connector = await agent.getErpSyncConnectorEntityAsync(connector.erpConnectorId);
seen.noConnector = await agent.getErpSyncConnectorEntityAsync(999);
seen.connectors = await agent.getAllConnectorsAsync();

// ---- a connection: its fields, a test of the values, the save, a test of what is stored ----

const fields = await agent.getConfigurationFieldsAsync(connector.erpConnectorId);
const configFields = { ...Object.fromEntries(fields.map((one) => [one.fieldKey, one.defaultValue])), ...given.config };
const wrong = { ...configFields, Filename: "nothing-there.xlsm" };
seen.testsByConfig = [
  await agent.testConnectionByConfigAsync(connector.erpConnectorId, configFields),
  await agent.testConnectionByConfigAsync(connector.erpConnectorId, wrong),
];
const saved = await agent.saveConnectionAsync({
  erpConnectorId: connector.erpConnectorId,
  displayName: given.name,
  displayDescription: "Company F0003",
  allAccess: false,
  userGroupAccessIds: given.groups,
  associateAccessIds: given.users,
  configFields,
});
const id = saved.erpConnectionId;
seen.connection = await agent.getConnectionAsync(id);
seen.noConnection = await agent.getConnectionAsync(999);
seen.inNorwegian = (await agentIn("nb").getConnectionAsync(id)).displayName;
seen.config = await agent.getErpConnectionConfigFieldsAsync(id);
seen.testsById = [await agent.testConnectionByIdAsync(id), await agent.testConnectionByIdAsync(999)];

// ---- what is synchronised ----

seen.refreshed = [await agent.updateConnectionFieldsAsync(id), await agent.updateConnectionFieldsAsync(999)];
const found = await agent.getActorTypeMappingAsync(id, Customer);
seen.noMapping = await agent.getActorTypeMappingAsync(id, ErpActorType.Partner);
seen.crmActorTypes = [];
for (const actor of [Customer, Person, ErpActorType.Project, ErpActorType.Sale]) {
  seen.crmActorTypes.push(await agent.getCrmActorTypeAsync(id, actor));
}

const directionless = await agent.saveActorTypeMappingAsync({ ...found, isActive: true });
seen.reasons = await agent.toggleErpConnectionActiveAsync(id);

const change = (mapping, changes) => ({
  ...mapping,
  fieldMappings: mapping.fieldMappings.map((one) => ({ ...one, ...changes[one.erpFieldKey] })),
});
seen.mapping = await agent.saveActorTypeMappingAsync(
  change(directionless, {
    NAME: { syncToCrm: true, syncToErp: true, showInGui: true, showInSearch: true },
    CustGr: { crmFieldKey: "BUSINESS", syncToCrm: true },
    POSTALAD1: { crmFieldKey: "" },
  }),
);
await agent.validateArchiveColumnConfigAsync("erpcustomer", id);

const lists = await agent.getConnectionListMappingsAsync(id);
const [list] = lists.erpListItemMappings;
const chosen = (at) => (at < given.items.length ? { id: given.items[at] } : null);
const pairs = list.erpCrmListItemMappings.map((one, at) => ({ ...one, crmListItem: chosen(at) }));
seen.lists = await agent.saveConnectionListMappingsAsync({ ...lists, erpListItemMappings: [{ ...list, erpCrmListItemMappings: pairs }] });

const fieldId = Object.fromEntries(found.fieldMappings.map((one) => [one.erpFieldKey, one.erpFieldId]));
const before = await agent.getDefaultValueInfoAsync(fieldId.IntField);
seen.noDefault = await agent.getDefaultValueInfoAsync(999999);
seen.default = await agent.saveDefaultValueInfoAsync({
  ...before,
  hasFirstSyncDefaultValue: true,
  firstSyncDefaultValue: "[I:30]",
  promptUser: true,
});
await agent.moveErpFieldItemAsync(fieldId.CustGr, -1, id, Customer);
await agent.moveErpFieldItemAsync(fieldId.CustGr, -1, id, Customer);
seen.order = (await agent.getActorTypeMappingAsync(id, Customer)).fieldMappings.map((one) => one.erpFieldKey);
seen.fieldsForNew = (await agent.getFieldsForNewErpActorAsync(id, Customer)).map((one) => one.fieldKey);
seen.search = [await agent.supportsAdvancedSearchAsync(id, Customer), await agent.supportsAdvancedSearchAsync(id, ErpActorType.Partner)];

// ---- it goes live ----

seen.activated = await agent.toggleErpConnectionActiveAsync(id);
seen.active = (await agent.getConnectionAsync(id)).active;
const second = await agent.saveConnectionAsync({ ...saved, erpConnectionId: 0, displayName: "Second" });
seen.guids = [saved.connectionId, second.connectionId];
seen.prioritised = [
  await agent.saveErpConnectionSyncPrioritiesAsync([second.erpConnectionId, 0, id]),
  await agent.saveErpConnectionSyncPrioritiesAsync([999]),
];
await agent.changeEngineIntervalAsync(webapi.mkDuration("0:12:30"));
seen.engine = [await agent.changeEngineStatusAsync(false), await agent.getEngineStatusAsync(), await agent.changeEngineStatusAsync(true)];
seen.interval = seen.engine[2].interval.asSeconds();

// ---- records ----

seen.crmFields = (await agent.getFieldValuesFromCrmAsync(0, Contact)).map((one) => one.crmFieldKey);
seen.linked = [
  await agent.createActorLinkAsync(id, 11, Contact, "10011", Customer),
  await agent.createActorLinkAsync(id, 11, Contact, "10011", Customer),
];
await agent.connectActorAsync(id, 12, Contact, "10012", Customer, [{ crmFieldKey: "NAME", value: "Twelve" }]);
seen.tried = [
  await agent.tryConnectActorAsync(id, 13, Contact, "10013", Customer, [{ crmFieldKey: "NAME", value: "Thirteen" }]),
  await agent.tryConnectActorAsync(id, 14, Contact, "10013", Customer, []),
];
seen.made = await agent.createErpActorFromCrmAsync(id, 15, Customer, Contact, { NAME: "Fifteen" });
seen.display = await agent.getConnectionsAndDisplayFieldsAsync(Contact, 12);
seen.values = [
  await agent.getErpFieldValuesAsync(id, Contact, 12, ["NAME", "CustGr"]),
  await agent.getErpFieldValuesAsync(id, Contact, 99, ["NAME"]),
];
seen.fromErp = (await agent.getFieldValuesFromErpAsync(id, Customer, "10012")).map((one) => one.crmFieldKey);
seen.broken = [await agent.breakActorLinkAsync(id, 11, Contact), await agent.breakActorLinkAsync(id, 11, Contact)];

// ---- synchronising by hand ----

seen.synced = [
  await agent.syncAllAsync(),
  await agent.forceSyncAllAsync(),
  await agent.forceResyncAsync(id, [1, 2]),
  await agent.forceResyncNoBlankValuesAsync(id, []),
  await agent.forceResyncExternalAsync(id, Customer, ["10012"]),
  await agent.forceResyncExternalNoBlankValuesAsync(id, Customer, []),
  await agent.forceResyncAsync(999, []),
].map((one) => [one.isOk, one.status]);
await agent.forceResyncBatchTaskAsync(id, []);
seen.summary = await agent.getErpSyncConnectionSummaryAsync(id);

// ---- the end ----

seen.mayDelete = [await agent.canDeleteErpSyncConnectorEntityAsync(connector.erpConnectorId)];
seen.switchedOff = await agent.toggleErpConnectionActiveAsync(id);
await agent.deleteConnectionAsync(id);
await agent.deleteConnectionAsync(second.erpConnectionId);
const left = [await agent.getAllConnectionsAsync(false), await agent.getAllConnectionsAsync(true)];
seen.left = left.map((all) => all.map((one) => one.erpConnectionId));
seen.deleted = (await agent.getConnectionAsync(id)).deleted;
seen.mayDelete.push(await agent.canDeleteErpSyncConnectorEntityAsync(connector.erpConnectorId));
await agent.deleteErpSyncConnectorEntityAsync(connector.erpConnectorId);
seen.mayDelete.push(await agent.canDeleteErpSyncConnectorEntityAsync(connector.erpConnectorId));

const ids = { connector: connector.erpConnectorId, first: id, second: second.erpConnectionId };
tell({ version, reflected, declared: Object.keys(methods), calls, seen, ids });
