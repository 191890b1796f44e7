let database = {{function}}();
match database.query("SELECT 'It works' AS answer", &[]) {
    Ok(answer) => {
        for row in &answer.rows {
            println!("{}", row[0]);
        }
    }
    Err(error) => eprintln!("{{name}}: {error}"),
}
