/// A connection to the add-on {{name}} ({{addon}}, {{plan}}). On this machine `hippo addons env` writes the variable to
/// .env.
///
/// `{{function}}()?.query("SELECT text FROM notes WHERE id = $1", &[&1])?`
pub fn {{function}}() -> Result<postgres::Client, Box<dyn std::error::Error>> {
    let url = std::env::var("{{variable}}").map_err(|_| "{{variable}} is not set")?;
    Ok(postgres::Client::connect(&url, postgres::NoTls)?)
}
