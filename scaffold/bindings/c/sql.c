/* One statement to the add-on {{name}} of the channel ({{addon}}, {{plan}}), by a host call; hippo_free ends the result. */
hippo_rows {{function}}(const char *sql, int count, const hippo_value *values) {
    return hippo_query("{{name}}", sql, count, values);
}
