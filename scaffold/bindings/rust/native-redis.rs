/// A connection to the add-on {{name}} ({{addon}}, {{plan}}). On this machine `hippo addons env` writes the variable to
/// .env.
///
/// `let visits: i64 = redis::cmd("INCR").arg("visits").query(&mut {{function}}()?)?;`
pub fn {{function}}() -> Result<redis::Connection, Box<dyn std::error::Error>> {
    let url = std::env::var("{{variable}}").map_err(|_| "{{variable}} is not set")?;
    Ok(redis::Client::open(url)?.get_connection()?)
}
