// Expressions of GitHub workflows, as far as workflows in this repository have them.
// https://docs.github.com/actions/reference/workflows-and-actions/expressions

export type Value = string | number | boolean | null | { [key: string]: Value };

/** What names such as `github` and `secrets` stand for. */
export type Contexts = { [name: string]: Value };

const TOKEN = /\s*(?:('(?:[^']|'')*')|(\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(==|!=|&&|\|\||[!().,[\]]))/y;

const FUNCTIONS: Record<string, (...values: Value[]) => Value> = {
  startswith: (text, start) => asText(text).toLowerCase().startsWith(asText(start).toLowerCase()),
  endswith: (text, end) => asText(text).toLowerCase().endsWith(asText(end).toLowerCase()),
  contains: (text, part) => asText(text).toLowerCase().includes(asText(part).toLowerCase()),
  format: (text, ...values) =>
    asText(text).replace(/\{(\d+)\}/g, (_, index) => asText(values[Number(index)] ?? null)),
  success: () => true,
  always: () => true,
  failure: () => false,
  cancelled: () => false,
};

/** A text with all its `${{ … }}` replaced. @throws Error for what is no expression */
export function substitute(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => asText(evaluate(expression, contexts)));
}

/** The value of a condition, with or without `${{ }}` around it. @throws Error for what is no expression */
export function isTrue(condition: string, contexts: Contexts): boolean {
  return truthy(evaluate(condition.replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1'), contexts));
}

function evaluate(expression: string, contexts: Contexts): Value {
  const tokens = tokenize(expression);
  const next = (): string | undefined => tokens[0];
  const take = (): string => tokens.shift() ?? fail('it ends too early');
  const expect = (token: string): void => {
    if (take() !== token) fail(`${token} is missing`);
  };
  const fail = (reason: string): never => {
    throw new Error(`"${expression.trim()}" cannot be evaluated: ${reason}`);
  };

  const or = (): Value => {
    let value = and();
    while (next() === '||') {
      take();
      const other = and();
      value = truthy(value) ? value : other;
    }
    return value;
  };
  const and = (): Value => {
    let value = comparison();
    while (next() === '&&') {
      take();
      const other = comparison();
      value = truthy(value) ? other : value;
    }
    return value;
  };
  const comparison = (): Value => {
    const value = unary();
    if (next() !== '==' && next() !== '!=') return value;
    const wanted = take() === '==';
    return (asText(value).toLowerCase() === asText(unary()).toLowerCase()) === wanted;
  };
  const unary = (): Value => {
    if (next() !== '!') return primary();
    take();
    return !truthy(unary());
  };
  const primary = (): Value => {
    const token = take();
    if (token === '(') {
      const value = or();
      expect(')');
      return value;
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^\d/.test(token)) return Number(token);
    if (next() === '(') return call(token);
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    let value: Value = contexts[token] ?? fail(`there is no ${token}`);
    while (next() === '.' || next() === '[') {
      const dot = take() === '.';
      const key = dot ? take() : asText(or());
      if (!dot) expect(']');
      value = typeof value === 'object' && value !== null ? (value[key] ?? null) : null;
    }
    return value;
  };
  const call = (name: string): Value => {
    const values: Value[] = [];
    expect('(');
    while (next() !== ')') {
      values.push(or());
      if (next() === ',') take();
    }
    expect(')');
    return (FUNCTIONS[name.toLowerCase()] ?? fail(`there is no function ${name}`))(...values);
  };

  const value = or();
  if (tokens.length > 0) fail(`${tokens.join(' ')} is too much`);
  return value;
}

function tokenize(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(expression)?.[0].trim();
    if (token === undefined) throw new Error(`"${expression.slice(at)}" is no expression`);
    tokens.push(token);
  }
  return tokens;
}

function truthy(value: Value): boolean {
  return value !== null && value !== false && value !== '' && value !== 0;
}

function asText(value: Value | undefined): string {
  return value === null || value === undefined ? '' : typeof value === 'object' ? 'Object' : String(value);
}
