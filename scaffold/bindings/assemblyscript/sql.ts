/** The add-on {{name}} of the channel ({{addon}}, {{plan}}), by host calls. */
export function {{function}}(): {{Database}} {
  return new {{Database}}('{{name}}');
}
