/** Owns the placeholders of a runtime, such as {{model.dir}}: which there are, how they are filled, how one is escaped. */
import { AppError } from '../../platform/errors.ts';

export type PlaceholderValues = Readonly<
  Record<
    | 'model.uri'
    | 'model.format'
    | 'model.dir'
    | 'server.port'
    | 'endpoint.name'
    | 'entity.name'
    | 'workload.gpus',
    string
  >
>;

/**
 * Returns `value` with the placeholders in all its strings filled in; keys are left alone. `\{{` stands for a literal
 * `{{`: chat templates have their own.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN` naming the placeholder and those that exist.
 */
export function fillPlaceholders<Value>(value: Value, values: Partial<PlaceholderValues>): Value {
  return fill(value, values) as Value;
}

function fill(value: unknown, values: Partial<PlaceholderValues>): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fill(part, values)]));
}

const escapedOrPlaceholder = /\\\{\{|\{\{\s*([^{}]*?)\s*\}\}/g;

function fillText(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(escapedOrPlaceholder, (_all, name: string | undefined) => {
    if (name === undefined) return '{{';
    const filled = Object.hasOwn(values, name) ? values[name] : undefined;
    if (filled !== undefined) return filled;
    throw new AppError(
      'RUNTIME_PLACEHOLDER_UNKNOWN',
      `the runtime uses {{${name}}}, which does not exist here; known are ${Object.keys(values).join(', ')}; write \\{{ for a literal {{`,
    );
  });
}
