{
  const store = {{function}}();
  const visits = store.increment('visits');
  if (store.error !== null) process.stderr.write('{{name}}: ' + store.error!.message + '\n');
  else process.stdout.write(visits.toString() + '\n');
}
