let store = {{function}}();
match store.increment("visits", 1) {
    Ok(visits) => println!("{visits}"),
    Err(error) => eprintln!("{{name}}: {error}"),
}
