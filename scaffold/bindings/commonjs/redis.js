/** A connection to the add-on {{name}} ({{addon}}, {{plan}}); `await client.close()` ends it. */
async function {{function}}() {
  const url = process.env.{{variable}};
  if (!url) throw new Error('{{variable}} is not set: `hippo addons env` writes it to .env.');
  const client = {{createClient}}({ url });
  client.on('error', (error) => console.error('{{name}}:', error));
  await client.connect();
  return client;
}
