/* What a key of the add-on {{name}} of the channel is then ({{addon}}, {{plan}}), by a host call; hippo_free ends it. */
hippo_response {{function}}(const char *key, int by) {
    return hippo_increment("{{name}}", key, by);
}
