// Package hippo reaches the add-ons of a channel by host calls (version 1, see ABI.md). Keep this file and change it as
// you like: it needs nothing but the standard library.
//
//	database := hippo.Database("postgresql")
//	notes, err := database.Query("SELECT text FROM notes WHERE id = $1", 1)
//	for _, row := range notes.Rows { fmt.Println(row[0]) }
package hippo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unsafe"
)

//go:wasmimport hippo_sql query
func sqlQuery(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_sql begin
func sqlBegin(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_sql commit
func sqlCommit(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_sql rollback
func sqlRollback(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_kv get
func kvGet(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_kv set
func kvSet(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_kv delete
func kvDelete(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_kv increment
func kvIncrement(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_kv expire
func kvExpire(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_kv list
func kvList(pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_host length
func hostLength(handle int32) int32

//go:wasmimport hippo_host read
func hostRead(handle int32, pointer unsafe.Pointer, length uint32) int32

//go:wasmimport hippo_host close
func hostClose(handle int32) int32

type hostFunction func(pointer unsafe.Pointer, length uint32) int32

// Error says why a call did not work. Code is one of ABI.md's, or "status -1" for those that the host returns.
type Error struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	SQLState string `json:"sqlState"`
}

func (e *Error) Error() string { return e.Message + " (" + e.Code + ")" }

// Decimal is a `numeric`, and a whole number of more than 64 bits, digit by digit.
type Decimal string

// JSON is the text of a JSON document.
type JSON string

// Rows is the result of a statement. A value is nil, a bool, an int64, a float64, a string, a Decimal, a JSON, a []byte
// or a []any of these.
type Rows struct {
	Columns []Column
	Rows    [][]any
	// Rows that were inserted, updated or deleted.
	Affected int64
}

// Column of a result; Type is the service's word and may be empty.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Database is an add-on for SQL, by the name that the channel has it under.
type Database string

// Query runs one statement, whose placeholders are $1, $2 and so on.
func (d Database) Query(sql string, params ...any) (*Rows, error) {
	encoded := make([]any, len(params))
	for at, param := range params {
		value, err := encode(param)
		if err != nil {
			return nil, err
		}
		encoded[at] = value
	}
	var response struct {
		Columns  []Column            `json:"columns"`
		Rows     [][]json.RawMessage `json:"rows"`
		Affected int64               `json:"affected"`
	}
	err := call(sqlQuery, map[string]any{"addon": d, "sql": sql, "params": encoded}, &response)
	if err != nil {
		return nil, err
	}
	rows := &Rows{Columns: response.Columns, Affected: response.Affected}
	for _, raw := range response.Rows {
		row := make([]any, len(raw))
		for at, value := range raw {
			if row[at], err = decode(value); err != nil {
				return nil, err
			}
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows, nil
}

// Transaction does all of work or, where it fails, nothing.
func (d Database) Transaction(work func() error) error {
	if err := d.Begin(false); err != nil {
		return err
	}
	if err := work(); err != nil {
		return errors.Join(err, d.Rollback())
	}
	return d.Commit()
}

// Begin opens a transaction: from here to Commit or Rollback everything is in it.
func (d Database) Begin(readOnly bool) error {
	return call(sqlBegin, map[string]any{"addon": d, "readOnly": readOnly}, nil)
}

func (d Database) Commit() error   { return call(sqlCommit, map[string]any{"addon": d}, nil) }
func (d Database) Rollback() error { return call(sqlRollback, map[string]any{"addon": d}, nil) }

// Store is an add-on for keys and values, by the name that the channel has it under.
type Store string

// Get gives nil where there is no such key.
func (s Store) Get(key string) ([]byte, error) {
	var response struct {
		Values []json.RawMessage `json:"values"`
	}
	if err := call(kvGet, map[string]any{"addon": s, "key": key}, &response); err != nil {
		return nil, err
	}
	if len(response.Values) == 0 {
		return nil, nil
	}
	switch value, err := decode(response.Values[0]); value := value.(type) {
	case string:
		return []byte(value), err
	case []byte:
		return value, err
	default:
		return nil, err
	}
}

// Set keeps a value for so many seconds, or for good where they are 0.
func (s Store) Set(key string, value []byte, seconds float64) error {
	request := map[string]any{"addon": s, "key": key, "value": tagged("bytes", base64.StdEncoding.EncodeToString(value))}
	if seconds > 0 {
		request["ttl"] = seconds
	}
	return call(kvSet, request, nil)
}

// Delete is true if there was such a key.
func (s Store) Delete(key string) (bool, error) {
	var response struct {
		Deleted int `json:"deleted"`
	}
	err := call(kvDelete, map[string]any{"addon": s, "key": key}, &response)
	return response.Deleted > 0, err
}

// Increment gives what it is now.
func (s Store) Increment(key string, by int64) (int64, error) {
	var response struct {
		Value json.RawMessage `json:"value"`
	}
	request := map[string]any{"addon": s, "key": key, "by": tagged("bigint", strconv.FormatInt(by, 10))}
	if err := call(kvIncrement, request, &response); err != nil {
		return 0, err
	}
	value, err := decode(response.Value)
	number, _ := value.(int64)
	return number, err
}

// Expire lets a key go after so many seconds, or stay where they are 0; false if there is no such key.
func (s Store) Expire(key string, seconds float64) (bool, error) {
	request := map[string]any{"addon": s, "key": key}
	if seconds > 0 {
		request["ttl"] = seconds
	}
	var response struct {
		Done bool `json:"done"`
	}
	err := call(kvExpire, request, &response)
	return response.Done, err
}

// List gives some keys, and the cursor with which the next call goes on: empty at the end.
func (s Store) List(prefix string, cursor string) (keys []string, next string, err error) {
	request := map[string]any{"addon": s, "prefix": prefix}
	if cursor != "" {
		request["cursor"] = cursor
	}
	var response struct {
		Keys   []string `json:"keys"`
		Cursor string   `json:"cursor"`
	}
	err = call(kvList, request, &response)
	return response.Keys, response.Cursor, err
}

func call(function hostFunction, request map[string]any, response any) error {
	request["version"] = 1
	encoded, err := json.Marshal(request)
	if err != nil {
		return err
	}
	handle := function(unsafe.Pointer(&encoded[0]), uint32(len(encoded)))
	if handle < 0 {
		return &Error{Code: fmt.Sprintf("status %d", handle), Message: "The host cannot take this call now."}
	}
	text := make([]byte, hostLength(handle))
	hostRead(handle, unsafe.Pointer(&text[0]), uint32(len(text)))
	hostClose(handle)
	var failed struct {
		Error *Error `json:"error"`
	}
	if err := json.Unmarshal(text, &failed); err != nil {
		return err
	}
	if failed.Error != nil {
		return failed.Error
	}
	if response == nil {
		return nil
	}
	return json.Unmarshal(text, response)
}

func tagged(name string, value any) map[string]any { return map[string]any{name: value} }

func encode(value any) (any, error) {
	switch value := value.(type) {
	case nil, bool, string:
		return value, nil
	case int:
		return encode(int64(value))
	case int32:
		return encode(int64(value))
	case int64:
		if value >= 1<<53 || value <= -1<<53 {
			return tagged("bigint", strconv.FormatInt(value, 10)), nil
		}
		return value, nil
	case float64:
		if math.IsNaN(value) {
			return tagged("float", "NaN"), nil
		}
		if math.IsInf(value, 0) {
			return tagged("float", map[bool]string{true: "Infinity", false: "-Infinity"}[value > 0]), nil
		}
		return tagged("float", strconv.FormatFloat(value, 'g', -1, 64)), nil
	case Decimal:
		return tagged("decimal", string(value)), nil
	case JSON:
		return tagged("json", string(value)), nil
	case []byte:
		return tagged("bytes", base64.StdEncoding.EncodeToString(value)), nil
	case []any:
		items := make([]any, len(value))
		for at, item := range value {
			encoded, err := encode(item)
			if err != nil {
				return nil, err
			}
			items[at] = encoded
		}
		return tagged("array", items), nil
	default:
		return nil, fmt.Errorf("hippo: a value of type %T cannot be a parameter", value)
	}
}

func decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 || raw[0] != '{' {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		if number, ok := value.(json.Number); ok {
			return parseNumber(string(number))
		}
		return value, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	if items, ok := object["array"]; ok {
		var list []json.RawMessage
		if err := json.Unmarshal(items, &list); err != nil {
			return nil, err
		}
		values := make([]any, len(list))
		for at, item := range list {
			value, err := decode(item)
			if err != nil {
				return nil, err
			}
			values[at] = value
		}
		return values, nil
	}
	for name, content := range object {
		var text string
		if err := json.Unmarshal(content, &text); err != nil {
			return nil, err
		}
		switch name {
		case "bytes":
			return base64.StdEncoding.DecodeString(text)
		case "json":
			return JSON(text), nil
		case "decimal":
			return Decimal(text), nil
		default:
			return parseNumber(text)
		}
	}
	return nil, nil
}

func parseNumber(text string) (any, error) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole, nil
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return number, nil
	}
	return Decimal(text), nil
}
