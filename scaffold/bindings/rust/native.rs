/// A variable of the add-on {{name}} ({{addon}}, {{plan}}). On this machine `hippo addons env` writes them to .env.
pub fn {{function}}(key: &str) -> Result<String, String> {
    let value = match key {
        // {{#variables}}
        "{{key}}" => std::env::var("{{variable}}"),
        // {{/variables}}
        _ => return Err(format!("{{name}} has no {key}")),
    };
    value.map_err(|_| format!("{{name}}: the variable of {key} is not set"))
}
