/// The add-on {{name}} of the channel ({{addon}}, {{plan}}), by host calls.
pub fn {{function}}() -> {{Store}} {
    {{Store}}::new("{{name}}")
}
