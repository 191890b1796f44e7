/* The JSON of host calls, and base64: what hippo.h needs. */
#ifndef HIPPO_JSON_H
#define HIPPO_JSON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows. */
typedef struct {
    char *text;
    size_t length, room;
} hippo_buffer;

static inline void hippo_add_bytes(hippo_buffer *buffer, const char *bytes, size_t length) {
    if (buffer->length + length + 1 > buffer->room) {
        buffer->room = (buffer->length + length + 1) * 2;
        buffer->text = realloc(buffer->text, buffer->room);
        if (!buffer->text) abort();
    }
    memcpy(buffer->text + buffer->length, bytes, length);
    buffer->text[buffer->length += length] = 0;
}

static inline void hippo_add(hippo_buffer *buffer, const char *text) {
    hippo_add_bytes(buffer, text, strlen(text));
}

static inline void hippo_add_text(hippo_buffer *buffer, const char *text) {
    hippo_add(buffer, "\"");
    for (const char *at = text; *at; at++) {
        char escape[8];
        if ((unsigned char)*at < 0x20) snprintf(escape, sizeof escape, "\\u%04x", *at);
        else snprintf(escape, sizeof escape, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
        hippo_add(buffer, escape);
    }
    hippo_add(buffer, "\"");
}

static const char HIPPO_DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static inline void hippo_add_base64(hippo_buffer *buffer, const unsigned char *bytes, size_t length) {
    for (size_t at = 0; at < length; at += 3) {
        size_t left = length - at;
        uint32_t word = bytes[at] << 16 | (left > 1 ? bytes[at + 1] << 8 : 0) | (left > 2 ? bytes[at + 2] : 0);
        char group[4] = {HIPPO_DIGITS[word >> 18], HIPPO_DIGITS[word >> 12 & 63],
                         left > 1 ? HIPPO_DIGITS[word >> 6 & 63] : '=', left > 2 ? HIPPO_DIGITS[word & 63] : '='};
        hippo_add_bytes(buffer, group, 4);
    }
}

/* Decodes where it stands. Returns how many bytes there are. */
static inline size_t hippo_from_base64(char *text) {
    uint32_t word = 0;
    int bits = 0;
    size_t length = 0;
    for (const char *at = text; *at; at++) {
        const char *digit = strchr(HIPPO_DIGITS, *at);
        if (!digit) break; /* the padding */
        word = word << 6 | (uint32_t)(digit - HIPPO_DIGITS);
        if ((bits += 6) >= 8) text[length++] = (char)(word >> (bits -= 8));
    }
    text[length] = 0;
    return length;
}

/* A value; those of lists and objects hang on `first`, one after the other on `next`. */
typedef struct hippo_json {
    char kind;  /* n, b, d (a number, as it was written), s, [ or { */
    char *name; /* in an object */
    char *text;
    size_t length;
    struct hippo_json *first, *next;
} hippo_json;

static inline void hippo_json_free(hippo_json *json) {
    while (json) {
        hippo_json *next = json->next;
        hippo_json_free(json->first);
        free(json);
        json = next;
    }
}

static inline char *hippo_put_utf8(char *out, uint32_t code) {
    if (code < 0x80) *out++ = (char)code;
    else {
        int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        *out++ = (char)((0xf00 >> more & 0xff) | code >> 6 * more);
        while (more--) *out++ = (char)(0x80 | (code >> 6 * more & 0x3f));
    }
    return out;
}

static inline uint32_t hippo_unit(char **at) {
    char digits[5] = {0};
    memcpy(digits, *at, 4);
    *at += 4;
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* Decodes a string where it stands: it only becomes shorter. */
static inline char *hippo_read_string(char **at, size_t *length) {
    char *start = ++*at, *out = start;
    while (**at && **at != '"') {
        char c = *(*at)++;
        if (c != '\\') {
            *out++ = c;
            continue;
        }
        c = *(*at)++;
        const char *found = strchr("nrtbf", c);
        if (c == 'u') {
            uint32_t code = hippo_unit(at);
            if (code >= 0xd800 && code < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
                *at += 2;
                code = 0x10000 + ((code - 0xd800) << 10) + (hippo_unit(at) - 0xdc00);
            }
            out = hippo_put_utf8(out, code);
        } else *out++ = found ? "\n\r\t\b\f"[found - "nrtbf"] : c;
    }
    if (**at) ++*at;
    *length = (size_t)(out - start);
    return start;
}

/* Reads what the host has written, which is always whole and well-formed. */
static inline hippo_json *hippo_read(char **at) {
    hippo_json *json = calloc(1, sizeof *json);
    if (!json) abort();
    json->kind = **at;
    if (**at == '"') {
        json->kind = 's';
        json->text = hippo_read_string(at, &json->length);
        json->text[json->length] = 0;
    } else if (**at == '[' || **at == '{') {
        hippo_json **next = &json->first;
        for (++*at; **at && **at != ']' && **at != '}'; next = &(*next)->next) {
            if (**at == ',') ++*at;
            char *name = NULL;
            size_t length = 0;
            if (json->kind == '{') {
                name = hippo_read_string(at, &length);
                ++*at; /* the colon */
                name[length] = 0;
            }
            *next = hippo_read(at);
            (*next)->name = name;
        }
        if (**at) ++*at;
    } else {
        json->text = *at;
        json->length = strcspn(*at, ",]}");
        *at += json->length;
        json->kind = *json->text == 'n' ? 'n' : *json->text == 't' || *json->text == 'f' ? 'b' : 'd';
    }
    return json;
}

/* Null where there is no such member. */
static inline hippo_json *hippo_member(hippo_json *json, const char *name) {
    for (hippo_json *one = json ? json->first : NULL; one; one = one->next)
        if (one->name && !strcmp(one->name, name)) return one;
    return NULL;
}

static inline hippo_json *hippo_item(hippo_json *json, int index) {
    hippo_json *one = json ? json->first : NULL;
    while (one && index-- > 0) one = one->next;
    return one;
}

#endif
