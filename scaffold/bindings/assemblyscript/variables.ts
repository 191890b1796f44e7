/** A variable of the add-on {{name}} of the channel ({{addon}}, {{plan}}); empty where it is not set. */
export function {{function}}(key: string): string {
  let name = '';
  // {{#variables}}
  if (key == '{{key}}') name = '{{variable}}';
  // {{/variables}}
  return process.env.has(name) ? process.env.get(name) : '';
}
