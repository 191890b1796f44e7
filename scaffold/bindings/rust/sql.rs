/// The add-on {{name}} of the channel ({{addon}}, {{plan}}), by host calls.
pub fn {{function}}() -> {{Database}} {
    {{Database}}::new("{{name}}")
}
