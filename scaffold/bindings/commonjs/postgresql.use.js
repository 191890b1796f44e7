{
  const client = await {{function}}();
  const { rows } = await client.query("SELECT 'It works' AS answer");
  console.log(rows);
  await client.end();
}
