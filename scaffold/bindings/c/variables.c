/* A variable of the add-on {{name}} of the channel ({{addon}}, {{plan}}); null where it is not set. */
const char *{{function}}(const char *key) {
    // {{#variables}}
    if (!strcmp(key, "{{key}}")) return getenv("{{variable}}");
    // {{/variables}}
    return NULL;
}
