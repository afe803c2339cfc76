// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** 64-bit integers as bigint and bytes as Buffer, in responses, for those who ask for that. */

/** What pygrpc_describe() tells of a method, or of a message and its fields. */
export interface Description {
  kind: string;
  name: string;
  response?: string;
  fields?: FieldDescription[];
  type?: string;
  typeName?: string;
  label?: string;
}
interface FieldDescription {
  name: string;
  jsonName: string;
  label?: string;
  type: string;
  typeName?: string;
  valueType?: string;
}

/** How a value is converted: a scalar, an Any, or the fields of a message. */
type Form = 'int64' | 'bytes' | 'any' | MessageForm;
interface MessageForm {
  fields: Map<string, FieldForm>;
}
interface FieldForm {
  form: Form;
  many: 'one' | 'list' | 'map';
}

/** Which conversions are wanted. */
export interface Wanted {
  int64: boolean;
  bytes: boolean;
}

const INT64_TYPES = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

const WELL_KNOWN: Record<string, 'int64' | 'bytes' | 'any' | undefined> = {
  'google.protobuf.Any': 'any',
  'google.protobuf.Int64Value': 'int64',
  'google.protobuf.UInt64Value': 'int64',
  'google.protobuf.BytesValue': 'bytes',
};

// The JSON of these is no object of fields.
const PLAIN_TYPES = new Set(
  [
    ...['Timestamp', 'Duration', 'FieldMask', 'Struct', 'Value', 'ListValue', 'Empty'],
    ...['DoubleValue', 'FloatValue', 'Int32Value', 'UInt32Value', 'BoolValue', 'StringValue'],
  ].map((name) => `google.protobuf.${name}`),
);

/** Converts responses, by what the schema says of their fields. */
export class Converter {
  readonly #describe: (symbol: string) => Description;
  readonly #wanted: Wanted;
  readonly #messages = new Map<string, MessageForm>();
  readonly #methods = new Map<string, Form | undefined>();
  readonly #extensions = new Map<string, FieldForm | undefined>();

  constructor(describe: (symbol: string) => Description, wanted: Wanted) {
    this.#describe = describe;
    this.#wanted = wanted;
  }

  /** Converts a response of a method in place, if it is an object, and returns it. */
  convert(method: string, response: unknown): unknown {
    let form = this.#methods.get(method);
    if (form === undefined && !this.#methods.has(method)) {
      form = this.#formOfType(this.#describe(method).response ?? '');
      this.#methods.set(method, form);
    }
    return form === undefined ? response : this.#value(form, response);
  }

  /** Converts a message of a type. */
  convertType(type: string, message: unknown): unknown {
    const form = this.#formOfType(this.#describe(type).name);
    return form === undefined ? message : this.#value(form, message);
  }

  #formOfType(type: string): Form | undefined {
    const known = WELL_KNOWN[type];
    if (known !== undefined) return this.#scalarForm(known);
    return PLAIN_TYPES.has(type) ? undefined : this.#message(type);
  }

  #scalarForm(form: 'int64' | 'bytes' | 'any'): Form | undefined {
    if (form === 'any') return form;
    return this.#wanted[form] ? form : undefined;
  }

  #message(type: string): MessageForm {
    const found = this.#messages.get(type);
    if (found !== undefined) return found;
    const form: MessageForm = { fields: new Map() };
    this.#messages.set(type, form); // before its fields, among which may be itself
    for (const field of this.#describe(type).fields ?? []) {
      const fieldForm = this.#field(field);
      if (fieldForm === undefined) continue;
      form.fields.set(field.jsonName, fieldForm);
      form.fields.set(field.name, fieldForm);
    }
    return form;
  }

  #field(field: FieldDescription): FieldForm | undefined {
    const isMap = field.type === 'map';
    const type = (isMap ? field.valueType : field.type) ?? '';
    let form: Form | undefined;
    if (INT64_TYPES.has(type)) {
      form = this.#scalarForm('int64');
    } else if (type === 'bytes') {
      form = this.#scalarForm('bytes');
    } else if (type === 'message' || type === 'group') {
      form = this.#formOfType(field.typeName ?? '');
    } else if (isMap && type.includes('.')) {
      form = this.#describe(type).kind === 'message' ? this.#formOfType(type) : undefined;
    }
    if (form === undefined) return undefined;
    return { form, many: isMap ? 'map' : field.label === 'repeated' ? 'list' : 'one' };
  }

  #extension(key: string): FieldForm | undefined {
    let form = this.#extensions.get(key);
    if (form === undefined && !this.#extensions.has(key)) {
      const description = this.#describe(key.slice(1, -1));
      form = this.#field({ jsonName: key, type: '', ...description });
      this.#extensions.set(key, form);
    }
    return form;
  }

  #value(form: Form, value: unknown): unknown {
    if (form === 'int64') return typeof value === 'object' ? value : BigInt(value as string);
    if (form === 'bytes') return typeof value === 'string' ? Buffer.from(value, 'base64') : value;
    if (typeof value !== 'object' || value === null) return value;
    const message = value as Record<string, unknown>;
    if (form === 'any') return this.#any(message);
    for (const key of Object.keys(message)) {
      const field = key.startsWith('[') ? this.#extension(key) : form.fields.get(key);
      if (field !== undefined) message[key] = this.#fieldValue(field, message[key]);
    }
    return message;
  }

  #fieldValue(field: FieldForm, value: unknown): unknown {
    if (field.many === 'list' && Array.isArray(value)) {
      return value.map((item) => this.#value(field.form, item));
    }
    if (field.many === 'map' && typeof value === 'object' && value !== null) {
      const entries = Object.entries(value);
      return Object.fromEntries(entries.map(([key, item]) => [key, this.#value(field.form, item)]));
    }
    return this.#value(field.form, value);
  }

  #any(message: Record<string, unknown>): unknown {
    const url = message['@type'];
    if (typeof url !== 'string') return message;
    const type = url.slice(url.lastIndexOf('/') + 1);
    if (WELL_KNOWN[type] !== undefined) {
      const form = this.#formOfType(type);
      if (form !== undefined) message.value = this.#value(form, message.value);
      return message;
    }
    if (PLAIN_TYPES.has(type)) return message;
    return this.#value(this.#message(type), message);
  }
}
