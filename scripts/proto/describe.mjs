// Writes what the schemas say of messages, fields and enum values as the comments of a .proto file.

const WIDTH = 110;

const SCALAR = /^(string|bool|double|int32|int64|map<.*>)$/;
const BLOCK = /^\s*(message|enum|service) (\w+) \{(\})?/;
const FIELD = /^\s*(?:optional |repeated )?(map<[\w, ]+>|[\w.]+) (\w+) = \d+;/;
const MAY_BE_ABSENT = /^\s*(optional|repeated) /;
const ENUM_VALUE = /^\s*(\w+) = \d+;/;

/** Where the text of an enum's value begins, in the description of a field that has it: `VALUE: what it means.` */
const VALUE = /(?:^|\s+)([A-Z][A-Z0-9_]+): /;

/**
 * Describes a .proto file anew. What no schema describes keeps its comments.
 *
 * @param {string} text
 * @param {ReadonlyMap<string, { description?: string, fields: ReadonlyMap<string, string> }>} messages By name; fields by
 *   their JSON names.
 * @returns {{ text: string, undescribed: string[] }} the file, and its fields that have no comment.
 */
export function describe(text, messages) {
  const statements = read(text);
  const described = descriptionsOf(statements, messages);
  const enums = new Set(statements.filter(({ kind }) => kind === 'enum').map(({ name }) => name));
  const commented = statements.map(({ line, comments, name, scope, local }) => {
    const description = described.get(name);
    if (description) return { line, name, comments: wrapped(description, /^\s*/.exec(line)[0]) };
    // What a schema says nothing of any more loses its comment too.
    const isLeftOver = FIELD.test(line)
      ? messages.has(scope)
      : local !== undefined && enums.has(scope) && described.has(scope);
    return { line, name, comments: isLeftOver ? [] : comments };
  });
  return {
    text: commented.flatMap(({ line, comments }) => [...comments, line]).join('\n'),
    undescribed: commented.filter(({ line, comments }) => FIELD.test(line) && comments.length === 0).map((s) => s.name),
  };
}

/** The lines of a file, each with the comments before it and, where it declares something, its name within its scopes. */
function read(text) {
  const statements = [];
  const scopes = [];
  let comments = [];
  for (const line of text.split('\n')) {
    if (/^\s*\/\//.test(line)) {
      comments.push(line);
      continue;
    }
    const [, kind, block, isEmpty] = BLOCK.exec(line) ?? [];
    const [, type, field] = FIELD.exec(line) ?? [];
    const local = block ?? field ?? ENUM_VALUE.exec(line)?.[1];
    const scope = scopes.map(({ name }) => name).join('.');
    const name = local === undefined ? undefined : [scope, local].filter(Boolean).join('.');
    statements.push({ line, comments, name, scope, local, type, kind });
    comments = [];
    if (block !== undefined && isEmpty === undefined) scopes.push({ name: block, kind });
    else if (/^\s*\}/.test(line)) scopes.pop();
  }
  return statements;
}

/** What there is to say of messages, enums, fields and values, by their names. */
function descriptionsOf(statements, messages) {
  const described = new Map();
  for (const { kind, name } of statements) {
    if (kind === 'message' || kind === 'enum') describeType(described, name, messages.get(name)?.description);
  }
  for (const field of statements.filter(({ type }) => type !== undefined)) {
    const description = messages.get(field.scope)?.fields.get(jsonName(field.local));
    if (description === undefined) continue;
    const [text, ofDefault] = apart(description);
    const own = SCALAR.test(field.type) ? text : valuesOf(text).whole;
    described.set(field.name, MAY_BE_ABSENT.test(field.line) ? own + ofDefault : own);
    const nested = `${field.scope}.${field.type}`;
    const isNested = statements.some(({ kind, name }) => kind === 'enum' && name === nested);
    if (isNested && !described.has(nested)) describeType(described, nested, text);
  }
  return inProtoNames(described, statements);
}

/** Sets the description of a message or an enum, and of the enum's values. */
function describeType(described, name, description) {
  if (description === undefined) return;
  const { whole, values } = valuesOf(description);
  described.set(name, whole);
  for (const [value, text] of values) described.set(`${name}.${value}`, text);
}

/** A description without what it says of the default, and that. */
function apart(description) {
  const [, text, ofDefault = ''] = /^(.*?)( Default: [^:]*\.)?$/s.exec(description);
  return [text, ofDefault];
}

/** Takes the texts of an enum's values out of a description. */
function valuesOf(description) {
  const [whole, ...parts] = description.split(VALUE);
  const values = new Map();
  for (let i = 0; i < parts.length; i += 2) values.set(parts[i], parts[i + 1][0].toUpperCase() + parts[i + 1].slice(1));
  return { whole, values };
}

/** Calls the fields that descriptions name as the file does. */
function inProtoNames(described, statements) {
  const fields = new Map(statements.filter(({ type }) => type).map(({ local }) => [jsonName(local), local]));
  const renamed = (path) => path.replace(/\w+/g, (word) => fields.get(word) ?? word);
  const inText = (text) => text.replace(/`([\w.]+)`/g, (_, path) => `\`${renamed(path)}\``);
  return new Map([...described].map(([name, text]) => [name, inText(text)]));
}

const jsonName = (field) => field.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** A comment of whole words, in lines of at most 110 columns. */
function wrapped(text, indent) {
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}// ${word}`);
  }
  return lines;
}
