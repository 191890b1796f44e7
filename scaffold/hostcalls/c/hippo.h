/*
 * Add-ons of a channel, by host calls (hippo_host, version 1). Keep this file and hippo_json.h, and change them as you
 * like: they need nothing but a C library.
 *
 *     hippo_rows notes = hippo_query("postgresql", "SELECT text FROM notes WHERE id = $1", 1,
 *                                    (hippo_value[]){hippo_integer(1)});
 *     if (notes.error) fprintf(stderr, "%s\n", notes.error);
 *     for (int row = 0; row < notes.count; row++) puts(hippo_text_at(&notes, row, 0));
 *     hippo_free(&notes);
 */
#ifndef HIPPO_H
#define HIPPO_H

#include "hippo_json.h"

#define HIPPO_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
HIPPO_IMPORT("hippo_sql", "query") int hippo_sql_query(const char *request, size_t length);
HIPPO_IMPORT("hippo_sql", "begin") int hippo_sql_begin(const char *request, size_t length);
HIPPO_IMPORT("hippo_sql", "commit") int hippo_sql_commit(const char *request, size_t length);
HIPPO_IMPORT("hippo_sql", "rollback") int hippo_sql_rollback(const char *request, size_t length);
HIPPO_IMPORT("hippo_kv", "get") int hippo_kv_get(const char *request, size_t length);
HIPPO_IMPORT("hippo_kv", "set") int hippo_kv_set(const char *request, size_t length);
HIPPO_IMPORT("hippo_kv", "increment") int hippo_kv_increment(const char *request, size_t length);
HIPPO_IMPORT("hippo_host", "length") int hippo_host_length(int handle);
HIPPO_IMPORT("hippo_host", "read") int hippo_host_read(int handle, char *into, size_t length);
HIPPO_IMPORT("hippo_host", "close") int hippo_host_close(int handle);

typedef int (*hippo_function)(const char *request, size_t length);

/* What a call came to. `error` is what went wrong, or null; `code` and `sql_state` are ABI.md's words for it. */
typedef struct {
    const char *error, *code, *sql_state;
    int count;        /* of rows */
    int64_t affected; /* rows that were inserted, updated or deleted */
    hippo_json *json, *rows;
    char *bytes;
} hippo_rows;

typedef hippo_rows hippo_response;

static inline void hippo_free(hippo_rows *response) {
    hippo_json_free(response->json);
    free(response->bytes);
    memset(response, 0, sizeof *response);
}

/* As text; empty for null and for what is none. */
static inline const char *hippo_text_of(hippo_json *json) {
    if (!json || !json->text || json->kind == 'n') return "";
    /* What ended a number in JSON is read by now. */
    if (json->kind != 's') json->text[json->length] = 0;
    return json->text;
}

/* `members` are those of the request besides the add-on's name, each with a comma before it. It is freed. */
static inline hippo_response hippo_call(hippo_function function, const char *addon, hippo_buffer members) {
    hippo_response response = {0};
    hippo_buffer request = {0};
    hippo_add(&request, "{\"version\":1,\"addon\":");
    hippo_add_text(&request, addon);
    hippo_add(&request, members.text ? members.text : "");
    hippo_add(&request, "}");
    int handle = function(request.text, request.length);
    free(request.text);
    free(members.text);
    if (handle < 0) {
        response.error = "The host cannot take this call now.";
        response.code = "status";
        return response;
    }
    int length = hippo_host_length(handle);
    response.bytes = calloc((size_t)length + 1, 1);
    if (!response.bytes) abort();
    hippo_host_read(handle, response.bytes, (size_t)length);
    hippo_host_close(handle);
    char *at = response.bytes;
    response.json = hippo_read(&at);
    hippo_json *error = hippo_member(response.json, "error");
    if (error) {
        response.error = hippo_text_of(hippo_member(error, "message"));
        response.code = hippo_text_of(hippo_member(error, "code"));
        response.sql_state = hippo_text_of(hippo_member(error, "sqlState"));
    }
    return response;
}

/* A parameter: JSON, made by one of the functions below and freed by hippo_query. */
typedef struct {
    char *json;
} hippo_value;

static inline hippo_value hippo_null(void) {
    hippo_buffer out = {0};
    hippo_add(&out, "null");
    return (hippo_value){out.text};
}

static inline hippo_value hippo_integer(int64_t number) {
    char text[48];
    snprintf(text, sizeof text, "{\"bigint\":\"%lld\"}", (long long)number);
    hippo_buffer out = {0};
    hippo_add(&out, text);
    return (hippo_value){out.text};
}

static inline hippo_value hippo_real(double number) {
    char text[48];
    snprintf(text, sizeof text, "{\"float\":\"%.17g\"}", number);
    hippo_buffer out = {0};
    hippo_add(&out, text);
    return (hippo_value){out.text};
}

static inline hippo_value hippo_text(const char *text) {
    hippo_buffer out = {0};
    hippo_add_text(&out, text);
    return (hippo_value){out.text};
}

static inline hippo_value hippo_bytes(const void *bytes, size_t length) {
    hippo_buffer out = {0};
    hippo_add(&out, "{\"bytes\":\"");
    hippo_add_base64(&out, bytes, length);
    hippo_add(&out, "\"}");
    return (hippo_value){out.text};
}

/* One statement of SQL, with `count` parameters for $1, $2… */
static inline hippo_rows hippo_query(const char *addon, const char *sql, int count, const hippo_value *values) {
    hippo_buffer members = {0};
    hippo_add(&members, ",\"sql\":");
    hippo_add_text(&members, sql);
    hippo_add(&members, ",\"params\":[");
    for (int i = 0; i < count; i++) {
        if (i > 0) hippo_add(&members, ",");
        hippo_add(&members, values[i].json);
        free(values[i].json);
    }
    hippo_add(&members, "]");
    hippo_rows result = hippo_call(hippo_sql_query, addon, members);
    result.rows = hippo_member(result.json, "rows");
    for (hippo_json *row = result.rows ? result.rows->first : NULL; row; row = row->next) result.count++;
    hippo_json *affected = hippo_member(result.json, "affected");
    result.affected = strtoll(hippo_text_of(affected), NULL, 10);
    return result;
}

/* `hippo_sql_begin`, `hippo_sql_commit` or `hippo_sql_rollback`. */
static inline hippo_response hippo_transaction(hippo_function step, const char *addon) {
    return hippo_call(step, addon, (hippo_buffer){0});
}

/* The value at a place; null where there is none. What has no form of its own in JSON is the text in its object. */
static inline hippo_json *hippo_at(const hippo_rows *rows, int row, int column) {
    hippo_json *value = hippo_item(hippo_item(rows->rows, row), column);
    return value && value->kind == '{' ? value->first : value;
}

static inline const char *hippo_text_at(const hippo_rows *rows, int row, int column) {
    return hippo_text_of(hippo_at(rows, row, column));
}

/* A key's value by `hippo_text_of(hippo_item(hippo_member(response.json, "values"), 0))`. */
static inline hippo_response hippo_get(const char *addon, const char *key) {
    hippo_buffer members = {0};
    hippo_add(&members, ",\"key\":");
    hippo_add_text(&members, key);
    return hippo_call(hippo_kv_get, addon, members);
}

/* `seconds` after which it is gone; it stays where that is 0. */
static inline hippo_response hippo_set(const char *addon, const char *key, const char *value, int seconds) {
    hippo_buffer members = {0};
    hippo_add(&members, ",\"key\":");
    hippo_add_text(&members, key);
    hippo_add(&members, ",\"value\":");
    hippo_add_text(&members, value);
    char ttl[32];
    if (seconds > 0) snprintf(ttl, sizeof ttl, ",\"ttl\":%d", seconds), hippo_add(&members, ttl);
    return hippo_call(hippo_kv_set, addon, members);
}

/* Its new value, by `hippo_text_of(hippo_member(response.json, "value"))`. */
static inline hippo_response hippo_increment(const char *addon, const char *key, int by) {
    hippo_buffer members = {0};
    hippo_add(&members, ",\"key\":");
    hippo_add_text(&members, key);
    char number[32];
    snprintf(number, sizeof number, ",\"by\":%d", by);
    hippo_add(&members, number);
    return hippo_call(hippo_kv_increment, addon, members);
}

#endif
