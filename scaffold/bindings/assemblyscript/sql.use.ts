{
  const answer = {{function}}().query("SELECT 'It works' AS answer");
  if (answer.error !== null) process.stderr.write('{{name}}: ' + answer.error!.message + '\n');
  for (let i = 0; i < answer.rows.length; i++) process.stdout.write(answer.rows[i][0].toString() + '\n');
}
