/** A connection to the add-on {{name}} ({{addon}}, {{plan}}); `await client.end()` ends it. */
async function {{function}}() {
  const connectionString = process.env.{{variable}};
  if (!connectionString) throw new Error('{{variable}} is not set: `hippo addons env` writes it to .env.');
  const client = new {{pg}}.Client({ connectionString });
  await client.connect();
  return client;
}
