{
  const client = await {{function}}();
  console.log(await client.incr('visits'));
  await client.close();
}
