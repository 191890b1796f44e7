// Values of SQL, and what they are in JSON (ABI.md, Values).

import { decodeBase64, encodeBase64, encodeNumber, encodeText, Json, JsonKind } from './hippo-json';

export enum Kind {
  Null,
  Bool,
  /** Whole or not: `text` has it as it was written. */
  Number,
  Text,
  Decimal,
  Bytes,
  Json,
  Array,
}

/** A value of SQL: make one for a parameter, read one from a row. */
export class Value {
  private constructor(
    public kind: Kind,
    /** The value as text; empty for null, bytes and arrays. */
    public text: string,
    public bytes: Uint8Array = new Uint8Array(0),
    public items: Value[] = [],
  ) {}

  static none(): Value {
    return new Value(Kind.Null, '');
  }
  static bool(value: bool): Value {
    return new Value(Kind.Bool, value ? 'true' : 'false');
  }
  static integer(value: i64): Value {
    return new Value(Kind.Number, value.toString());
  }
  static float(value: f64): Value {
    return new Value(Kind.Number, value.toString());
  }
  static of(text: string): Value {
    return new Value(Kind.Text, text);
  }
  static decimal(digits: string): Value {
    return new Value(Kind.Decimal, digits);
  }
  static blob(bytes: Uint8Array): Value {
    return new Value(Kind.Bytes, '', bytes);
  }
  static json(text: string): Value {
    return new Value(Kind.Json, text);
  }
  static array(items: Value[]): Value {
    return new Value(Kind.Array, '', new Uint8Array(0), items);
  }

  get isNull(): bool {
    return this.kind == Kind.Null;
  }
  get isTrue(): bool {
    return this.text == 'true' || this.text == '1';
  }
  get integer(): i64 {
    return I64.parseInt(this.text);
  }
  get float(): f64 {
    return F64.parseFloat(this.text);
  }

  /** As people read it: texts as they are, bytes as PostgreSQL shows them. */
  toString(): string {
    if (this.kind == Kind.Null) return 'NULL';
    if (this.kind == Kind.Array) return '[' + this.items.join(', ') + ']';
    if (this.kind != Kind.Bytes) return this.text;
    let digits = '\\x';
    for (let i = 0; i < this.bytes.length; i++) digits += this.bytes[i].toString(16).padStart(2, '0');
    return digits;
  }

  encode(): string {
    switch (this.kind) {
      case Kind.Null:
        return 'null';
      case Kind.Bool:
        return this.text;
      case Kind.Number:
        return encodeNumber(this.text);
      case Kind.Decimal:
        return '{"decimal":' + encodeText(this.text) + '}';
      case Kind.Bytes:
        return '{"bytes":"' + encodeBase64(this.bytes) + '"}';
      case Kind.Json:
        return '{"json":' + encodeText(this.text) + '}';
      case Kind.Array: {
        const parts = new Array<string>();
        for (let i = 0; i < this.items.length; i++) parts.push(this.items[i].encode());
        return '{"array":[' + parts.join(',') + ']}';
      }
      default:
        return encodeText(this.text);
    }
  }

  static decode(json: Json): Value {
    switch (json.kind) {
      case JsonKind.Null:
        return Value.none();
      case JsonKind.Bool:
        return Value.bool(json.text == 'true');
      case JsonKind.Number:
        return new Value(Kind.Number, json.text);
      case JsonKind.Text:
        return Value.of(json.text);
      default: {
        const name = json.names.length == 1 ? json.names[0] : '';
        const content = json.items.length == 1 ? json.items[0] : json;
        if (name == 'array') {
          const items = new Array<Value>();
          for (let i = 0; i < content.items.length; i++) items.push(Value.decode(content.items[i]));
          return Value.array(items);
        }
        if (name == 'bytes') return Value.blob(decodeBase64(content.text));
        if (name == 'json') return Value.json(content.text);
        if (name == 'decimal') return Value.decimal(content.text);
        return new Value(Kind.Number, content.text);
      }
    }
  }
}
