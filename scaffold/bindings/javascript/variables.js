/** The variables of the add-on {{name}} ({{addon}}, {{plan}}); `hippo addons env` writes them to .env. */
export function {{function}}() {
  return {
    // {{#variables}}
    {{key}}: process.env.{{variable}},
    // {{/variables}}
  };
}
