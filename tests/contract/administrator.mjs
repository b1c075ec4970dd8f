// An administrator who sets up what is described, or changes what is there: nothing but the vendor's client.
//
// A description: {connectors, connections, priority: [places in `connections`, or "SuperOffice"], engine: {run, interval}}.
// A connector: {name, url, rename, delete}. A connection: {name, connector: its name, rename, description, config, groups, users,
// everyone, actors, active, delete}; one without a `connector` is there already, as the only live one of its name.
// An actor: {sync, fields, first: [field keys]}. A field: {crm, toCrm, toErp, gui, search, items: {ERP item: id of a CRM item, or
// null}, default: {value, ask, mandatory}}. What is not described stays as it is, or as the connector suggests.
// Told: the ids of the connections, in the order of the description.

import { agentIn, given, tell, webapi } from "./client.mjs";

const agent = agentIn();
const known = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function only(found, what) {
  if (found.length !== 1) throw new Error(`${found.length} of ${what}`);
  return found[0];
}

async function connectorOf(name) {
  const all = await agent.getAllConnectorsAsync();
  return only(
    all.filter((one) => one.name === name),
    `connector ${name}`,
  ).id;
}

/** One that is described as deleted is made and deleted; one of a name that is there is changed. */
async function setConnector({ name, url, rename, delete: gone }) {
  const there = !gone && (await agent.getAllConnectorsAsync()).some((one) => one.name === name);
  const entity = there
    ? await agent.getErpSyncConnectorEntityAsync(await connectorOf(name))
    : await agent.createDefaultErpSyncConnectorEntityAsync();
  const saved = await agent.saveErpSyncConnectorEntityAsync({ ...entity, displayName: rename ?? name, ...known({ uRL: url }) });
  if (gone) await agent.deleteErpSyncConnectorEntityAsync(saved.erpConnectorId);
}

/** What a connection is saved from: as it is stored, or a new one with the connector's defaults. */
async function startOf({ name, connector }) {
  if (connector === undefined) {
    const all = await agent.getAllConnectionsAsync(false);
    const found = only(
      all.filter((one) => one.displayName === name),
      `connection ${name}`,
    );
    return agent.getConnectionAsync(found.erpConnectionId);
  }
  const erpConnectorId = await connectorOf(connector);
  const fields = await agent.getConfigurationFieldsAsync(erpConnectorId);
  const stored = fields.filter((one) => one.fieldType !== "Label");
  const configFields = Object.fromEntries(stored.map((one) => [one.fieldKey, one.defaultValue]));
  const scope = { allAccess: true, userGroupAccessIds: [], associateAccessIds: [] };
  return { erpConnectionId: 0, erpConnectorId, displayName: name, ...scope, configFields };
}

async function setConnection(described) {
  const start = await startOf(described);
  const id = start.erpConnectionId ? await changed(start, described) : await created(start, described);
  for (const [actor, its] of Object.entries(described.actors ?? {})) await setActor(id, actor, its);
  await setItems(id, described.actors ?? {});
  if (described.active !== undefined && (await agent.getConnectionAsync(id)).active !== described.active) {
    const reasons = await agent.toggleErpConnectionActiveAsync(id);
    if (reasons.length) throw new Error(`${described.name}: ${reasons}`);
  }
  if (described.delete) await agent.deleteConnectionAsync(id);
  return id;
}

const wanted = (start, { rename, description, config, groups, users, everyone }) => ({
  ...start,
  ...known({ displayName: rename, displayDescription: description, userGroupAccessIds: groups, associateAccessIds: users }),
  allAccess: everyone ?? (groups || users ? false : start.allAccess),
  configFields: { ...start.configFields, ...config },
});

async function created(start, described) {
  const connection = wanted(start, described);
  const works = await agent.testConnectionByConfigAsync(start.erpConnectorId, connection.configFields);
  if (!works) throw new Error(`${described.name}: the test fails`);
  const { erpConnectionId } = await agent.saveConnectionAsync(connection);
  if (!(await agent.updateConnectionFieldsAsync(erpConnectionId))) throw new Error(`${described.name}: no fields`);
  return erpConnectionId;
}

/** Config is changed while the connection is inactive, as the manual asks. */
async function changed(start, described) {
  const { erpConnectionId: id, active } = start;
  const connection = wanted(start, described);
  if (JSON.stringify(connection) === JSON.stringify(start)) return id;
  const pause = active && described.config !== undefined;
  if (pause) await agent.toggleErpConnectionActiveAsync(id);
  await agent.saveConnectionAsync({ ...connection, active: active && !pause });
  if (pause) await agent.toggleErpConnectionActiveAsync(id);
  return id;
}

async function setActor(id, actor, { sync, fields = {}, first = [] }) {
  const mapping = await agent.getActorTypeMappingAsync(id, actor);
  const fieldMappings = mapping.fieldMappings.map((one) => {
    const { crm, toCrm, toErp, gui, search } = fields[one.erpFieldKey] ?? {};
    return { ...one, ...known({ crmFieldKey: crm, syncToCrm: toCrm, syncToErp: toErp, showInGui: gui, showInSearch: search }) };
  });
  const missing = [...Object.keys(fields), ...first].filter((key) => !fieldMappings.some((one) => one.erpFieldKey === key));
  if (missing.length) throw new Error(`${actor} has no ${missing}`);
  await agent.saveActorTypeMappingAsync({ ...mapping, ...known({ isActive: sync }), fieldMappings });
  for (const { erpFieldId, erpFieldKey } of fieldMappings) {
    const wish = fields[erpFieldKey]?.default;
    if (wish !== undefined) await setDefault(erpFieldId, wish);
  }
  await setOrder(id, actor, fieldMappings, first);
}

async function setDefault(erpFieldId, { value, ask = false, mandatory = false }) {
  const before = await agent.getDefaultValueInfoAsync(erpFieldId);
  const has = value !== undefined;
  const after = { ...before, hasFirstSyncDefaultValue: has, firstSyncDefaultValue: has ? value : "", promptUser: ask, mandatory };
  await agent.saveDefaultValueInfoAsync(after);
}

async function setOrder(id, actor, fieldMappings, first) {
  const order = fieldMappings.map((one) => one.erpFieldKey);
  for (const [place, key] of first.entries()) {
    const { erpFieldId } = fieldMappings.find((one) => one.erpFieldKey === key);
    for (let at = order.indexOf(key); at > place; at--) await agent.moveErpFieldItemAsync(erpFieldId, -1, id, webapi.ErpActorType[actor]);
    order.splice(place, 0, ...order.splice(order.indexOf(key), 1));
  }
}

async function setItems(id, actors) {
  const ofActor = ([actor, { fields = {} }]) => Object.entries(fields).map(([key, one]) => [actor, key, one.items]);
  const wishes = Object.entries(actors)
    .flatMap(ofActor)
    .filter(([, , wish]) => wish !== undefined);
  if (!wishes.length) return;
  const lists = await agent.getConnectionListMappingsAsync(id);
  for (const [actor, key, wish] of wishes) {
    const mapping = await agent.getActorTypeMappingAsync(id, actor);
    const { erpFieldId } = mapping.fieldMappings.find((one) => one.erpFieldKey === key);
    const list = lists.erpListItemMappings.find((one) => one.erpFieldId === erpFieldId);
    for (const pair of list.erpCrmListItemMappings) {
      if (pair.erpListItemId in wish) pair.crmListItem = wish[pair.erpListItemId] === null ? null : { id: wish[pair.erpListItemId] };
    }
  }
  await agent.saveConnectionListMappingsAsync(lists);
}

const { connectors = [], connections = [], priority, engine } = given;
for (const one of connectors.filter((each) => each.delete)) await setConnector(one);
for (const one of connectors.filter((each) => !each.delete)) await setConnector(one);
const ids = [];
for (const one of connections) ids.push(await setConnection(one));
if (priority) {
  const saved = await agent.saveErpConnectionSyncPrioritiesAsync(priority.map((one) => (one === "SuperOffice" ? 0 : ids[one])));
  if (!saved) throw new Error("The order was not saved.");
}
if (engine?.interval) await agent.changeEngineIntervalAsync(webapi.mkDuration(engine.interval));
if (engine?.run !== undefined) await agent.changeEngineStatusAsync(engine.run);
tell(ids);
