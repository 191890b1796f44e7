/** The add-on {{name}} of the channel ({{addon}}, {{plan}}), by host calls. */
export function {{function}}(): {{Store}} {
  return new {{Store}}('{{name}}');
}
